import { Link, useSearch } from "@tanstack/react-router";
import { Field } from "@/shared/ui/field";
import { ProblemNote } from "@/shared/ui/problem";
import { useTitle } from "@/shared/ui/title";
import { Entrance } from "./entrance";
import { t } from "./messages";
import { useLogin } from "./sign-in";

export function LoginPage() {
  useTitle(t("login.title"));
  const { next } = useSearch({ from: "/login" });
  const login = useLogin(next);
  const submit = (form: FormData) =>
    login.mutate({ email: String(form.get("email")), password: String(form.get("password")) });
  return (
    <Entrance title={t("login.heading")} text={t("login.text")}>
      <form
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          submit(new FormData(event.currentTarget));
        }}
      >
        {login.isError ? <ProblemNote error={login.error} /> : null}
        <Field
          label={t("field.email")}
          name="email"
          type="email"
          autoComplete="username"
          required
        />
        <Field
          label={t("field.password")}
          name="password"
          type="password"
          autoComplete="current-password"
          required
        />
        <button type="submit" className="btn btn-primary min-h-11" disabled={login.isPending}>
          {t("login.submit")}
        </button>
        <p className="text-sm text-muted">
          {t("login.new")}{" "}
          <Link to="/register" search={{ next }}>
            {t("login.register")}
          </Link>
        </p>
      </form>
    </Entrance>
  );
}
