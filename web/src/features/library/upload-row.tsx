import { Icon } from "@/shared/ui/icons";
import { t } from "./messages";
import { again, dismiss, type OnDone, type Upload } from "./uploads";

export function UploadRow({ upload, onDone }: { upload: Upload; onDone: OnDone }) {
  const percent = Math.floor(upload.sent * 100);
  const label = t(percent < 100 ? "upload.sending" : "upload.finishing", { percent });
  return (
    <li className="book">
      <span className="grid h-13.5 w-10 place-items-center rounded bg-sunken text-muted">
        <Icon name={upload.problem ? "warning" : "upload"} />
      </span>
      <div className="grid gap-2 min-w-0">
        <span className="title">{upload.file.name}</span>
        {upload.problem ? (
          <div role="alert" className="callout" data-tone="danger">
            {upload.problem}{" "}
            {upload.requestId ? (
              <span className="text-2xs text-muted">
                {t("problem.request")} {upload.requestId}
              </span>
            ) : null}
          </div>
        ) : (
          <>
            <span className="meta">
              <span className="badge" data-tone="busy">
                {label}
              </span>
            </span>
            <progress className="bar max-w-sm" aria-label={label} value={upload.sent} max={1} />
          </>
        )}
      </div>
      <div className="flex gap-1">
        {upload.problem ? (
          <button type="button" className="btn btn-small" onClick={() => again(upload, onDone)}>
            <Icon name="retry" />
            {t("problem.retry")}
          </button>
        ) : null}
        <button
          type="button"
          className="btn btn-quiet btn-icon btn-small"
          aria-label={t(upload.problem ? "upload.remove" : "upload.stop", {
            name: upload.file.name,
          })}
          onClick={() => dismiss(upload.id)}
        >
          <Icon name="close" />
        </button>
      </div>
    </li>
  );
}
