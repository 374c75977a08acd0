import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useShortcuts } from "@/shared/a11y/shortcuts";
import { t } from "@/shared/i18n";
import { Dialog } from "@/shared/ui/dialog";

const help: [keys: string[], id: string][] = [
  [["/", "⌘ K"], "keys.search"],
  [["g t"], "keys.today"],
  [["g c"], "keys.courses"],
  [["j", "k"], "keys.citations"],
  [["[", "]"], "keys.pages"],
  [["?"], "keys.help"],
];

export function GlobalShortcuts() {
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const search = () => {
    const field = document.querySelector<HTMLElement>("[data-shortcut='search']");
    if (field) field.focus();
    else void navigate({ to: "/search" });
  };
  useShortcuts({
    "/": search,
    "mod+k": search,
    "g t": () => void navigate({ to: "/" }),
    "g c": () => void navigate({ to: "/courses" }),
    "?": () => setOpen(true),
  });
  if (!open) return null;
  return (
    <Dialog title={t("keys.title")} onClose={() => setOpen(false)}>
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-6 gap-y-3 text-sm">
        {help.map(([keys, id]) => (
          <div key={id} className="contents">
            <dt className="flex gap-1.5">
              {keys.map((key) => (
                <kbd key={key} className="kbd">
                  {key}
                </kbd>
              ))}
            </dt>
            <dd className="text-muted">{t(id)}</dd>
          </div>
        ))}
      </dl>
      <div className="actions">
        <button type="button" className="btn" onClick={() => setOpen(false)}>
          {t("action.close")}
        </button>
      </div>
    </Dialog>
  );
}
