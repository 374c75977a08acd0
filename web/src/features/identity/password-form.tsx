import { useRef } from "react";
import { ApiProblem } from "@/shared/api/problem";
import { Field } from "@/shared/ui/field";
import { ProblemNote } from "@/shared/ui/problem";
import { t } from "./messages";
import { useAccount, useChangePassword } from "./sign-in";

/** Changing it ends the sessions of every other browser. */
export function PasswordForm() {
  const account = useAccount();
  const change = useChangePassword();
  const form = useRef<HTMLFormElement>(null);
  const problem = change.error instanceof ApiProblem ? change.error : null;
  const submit = (told: FormData) =>
    change.mutate(
      { current: String(told.get("current")), new: String(told.get("new")) },
      { onSuccess: () => form.current?.reset() },
    );
  return (
    <form
      ref={form}
      className="grid gap-4"
      aria-label={t("password.heading")}
      onSubmit={(event) => {
        event.preventDefault();
        submit(new FormData(event.currentTarget));
      }}
    >
      {change.isError ? <ProblemNote error={change.error} /> : null}
      {/* For password managers, which ask whose password it is. */}
      <input type="hidden" autoComplete="username" value={account?.email ?? ""} readOnly />
      <Field
        label={t("password.current")}
        name="current"
        type="password"
        autoComplete="current-password"
        required
      />
      <Field
        label={t("password.new")}
        name="new"
        type="password"
        autoComplete="new-password"
        minLength={8}
        required
        hint={t("register.password-hint")}
        error={problem?.field("new")}
      />
      <button type="submit" className="btn w-fit" disabled={change.isPending}>
        {t("password.submit")}
      </button>
      <p role="status" className="text-sm">
        {change.isSuccess ? t("password.done") : null}
      </p>
    </form>
  );
}
