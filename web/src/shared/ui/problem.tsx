import { asProblem } from "../api/problem";
import { t } from "../i18n";
import { Icon } from "./icons";
import { Plate } from "./plate";

function headline(status: number): string {
  if (status === 0) return t("problem.unreachable");
  if (status === 403) return t("problem.forbidden");
  if (status === 404) return t("problem.not-found");
  return t("problem.title");
}

/** What happened, what to do, and the id to tell whoever runs the server. */
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = asProblem(error);
  const final = problem.status === 403 || problem.status === 404;
  return (
    <div role="alert">
      <Plate title={headline(problem.status)} text={problem.details.detail}>
        {retry && !final ? (
          <button type="button" className="btn" onClick={retry}>
            <Icon name="retry" />
            {t("problem.retry")}
          </button>
        ) : null}
        {final ? (
          <a className="btn" href="/courses">
            {t("problem.to-courses")}
          </a>
        ) : null}
        <RequestId id={problem.details.request_id} />
      </Plate>
    </div>
  );
}

export function ProblemNote({ error }: { error: unknown }) {
  const problem = asProblem(error);
  return (
    <div role="alert" className="callout" data-tone="danger">
      {problem.details.detail} <RequestId id={problem.details.request_id} />
    </div>
  );
}

function RequestId({ id }: { id: string | undefined }) {
  return id ? (
    <span className="request text-muted">
      {t("problem.request")} {id}
    </span>
  ) : null;
}
