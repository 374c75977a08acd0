import { t } from "../i18n";
import { Dialog } from "./dialog";
import { ProblemNote } from "./problem";

interface Props {
  title: string;
  text: string;
  action: string;
  busy: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
}

export function Confirm({ title, text, action, busy, error, onConfirm, onClose }: Props) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p className="text-muted">{text}</p>
      {error ? <ProblemNote error={error} /> : null}
      <div className="actions">
        <button type="button" className="btn" onClick={onClose}>
          {t("action.cancel")}
        </button>
        <button type="button" className="btn btn-danger" disabled={busy} onClick={onConfirm}>
          {action}
        </button>
      </div>
    </Dialog>
  );
}
