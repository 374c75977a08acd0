import { type ReactNode, useSyncExternalStore } from "react";
import { t } from "../i18n";
import { Icon, type IconName } from "./icons";

export interface Toast {
  icon: IconName;
  title: string;
  text: string;
  /** Where its one action leads. */
  href?: string;
}

let current: Toast | null = null;
const listeners = new Set<() => void>();

/** Shows one toast; a newer one takes its place. It stays until it is closed or followed. */
export function show(toast: Toast | null) {
  current = toast;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

interface Props {
  link: (href: string, onFollow: () => void) => ReactNode;
}

/** The region exists from the start, so that screen readers announce what appears in it. */
export function Toasts({ link }: Props) {
  const toast = useSyncExternalStore(subscribe, () => current);
  return (
    <div className="toasts" role="status">
      {toast ? (
        <div className="toast">
          <Icon name={toast.icon} className="icon mt-0.5 text-accent" />
          <div className="grid gap-1 justify-items-start">
            <strong>{toast.title}</strong>
            <span className="text-sm text-muted">{toast.text}</span>
            {toast.href ? <div className="mt-2">{link(toast.href, () => show(null))}</div> : null}
          </div>
          <button
            type="button"
            className="btn btn-quiet btn-icon btn-small"
            aria-label={t("action.close")}
            onClick={() => show(null)}
          >
            <Icon name="close" />
          </button>
        </div>
      ) : null}
    </div>
  );
}
