import { useNavigate, useParams } from "@tanstack/react-router";
import { Plate } from "@/shared/ui/plate";
import { ProblemNote } from "@/shared/ui/problem";
import { useTitle } from "@/shared/ui/title";
import { useJoin } from "./changes";
import { t } from "./messages";

export function JoinPage() {
  useTitle(t("join.title"));
  const { code } = useParams({ from: "/in/shell/join/$code" });
  const join = useJoin();
  const navigate = useNavigate();
  const accept = () =>
    join.mutate(code, {
      onSuccess: ({ course }) =>
        navigate({ to: "/courses/$courseId", params: { courseId: course.id }, replace: true }),
    });
  return (
    <main id="main" className="page narrow">
      <h1 className="sr-only">{t("join.title")}</h1>
      <Plate title={t("join.heading")} text={t("join.text", { code })}>
        {join.isError ? <ProblemNote error={join.error} /> : null}
        <button
          type="button"
          className="btn btn-primary"
          disabled={join.isPending}
          onClick={accept}
        >
          {t("join.accept")}
        </button>
      </Plate>
    </main>
  );
}
