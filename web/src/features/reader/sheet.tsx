import { type ReactNode, useEffect, useRef } from "react";
import { Icon } from "@/shared/ui/icons";
import { t } from "./messages";

interface Props {
  label: string;
  side?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A native modal dialog that covers most of the screen: the PDF on a phone, the contents drawer. */
export function Sheet({ label, side = false, onClose, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      className="sheet"
      data-side={side}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        // The backdrop belongs to the dialog element itself.
        if (event.target === event.currentTarget) onClose();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <div className="sheet-bar">
        <span className="book-title">{label}</span>
        <button
          type="button"
          className="btn btn-quiet btn-icon"
          aria-label={t("action.close")}
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </div>
      {children}
    </dialog>
  );
}
