import { Link, useSearch } from "@tanstack/react-router";
import { ApiProblem } from "@/shared/api/problem";
import { Field } from "@/shared/ui/field";
import { ProblemNote } from "@/shared/ui/problem";
import { useTitle } from "@/shared/ui/title";
import { Entrance } from "./entrance";
import { t } from "./messages";
import { useRegister } from "./sign-in";

export function RegisterPage() {
  useTitle(t("register.title"));
  const { next } = useSearch({ from: "/register" });
  const register = useRegister(next);
  const problem = register.error instanceof ApiProblem ? register.error : null;
  const submit = (form: FormData) =>
    register.mutate({
      name: String(form.get("name")).trim(),
      email: String(form.get("email")),
      password: String(form.get("password")),
    });
  return (
    <Entrance title={t("register.heading")} text={t("register.text")}>
      <form
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          submit(new FormData(event.currentTarget));
        }}
      >
        {register.isError ? <ProblemNote error={register.error} /> : null}
        <Field
          label={t("field.name")}
          name="name"
          autoComplete="name"
          maxLength={120}
          required
          error={problem?.field("name")}
        />
        <Field
          label={t("field.email")}
          name="email"
          type="email"
          autoComplete="username"
          required
          error={problem?.field("email") && t("register.email-invalid")}
        />
        <Field
          label={t("field.password")}
          name="password"
          type="password"
          autoComplete="new-password"
          minLength={8}
          required
          hint={t("register.password-hint")}
          error={problem?.field("password")}
        />
        <button type="submit" className="btn btn-primary min-h-11" disabled={register.isPending}>
          {t("register.submit")}
        </button>
        <p className="text-sm text-muted">
          {t("register.have")}{" "}
          <Link to="/login" search={{ next }}>
            {t("register.login")}
          </Link>
        </p>
      </form>
    </Entrance>
  );
}
