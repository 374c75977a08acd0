import { type ReactNode, useId, useRef } from "react";
import { Icon, type IconName } from "./icons";

interface Props {
  label: string;
  icon?: IconName;
  className?: string;
  panelClass?: string;
  badge?: ReactNode;
  onOpen?: () => void;
  children: ReactNode;
}

/** A button and its native popover; Escape, light dismiss and focus return are the browser's. */
export function Menu({
  label,
  icon = "more",
  className,
  panelClass,
  badge,
  onOpen,
  children,
}: Props) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const place = (panel: HTMLElement) => {
    const edge = button.current?.getBoundingClientRect();
    if (!edge) return;
    const below = edge.bottom + 6;
    const fits = below + panel.offsetHeight < innerHeight;
    panel.style.top = `${fits ? below : Math.max(8, edge.top - panel.offsetHeight - 6)}px`;
    const left = edge.right - panel.offsetWidth;
    panel.style.left = `${Math.min(Math.max(8, left), innerWidth - panel.offsetWidth - 8)}px`;
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className={className ?? "btn btn-quiet btn-icon btn-small"}
        aria-label={label}
        title={label}
        popoverTarget={id}
      >
        <Icon name={icon} />
        {badge}
      </button>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: moves the focus between the items inside */}
      <div
        id={id}
        popover="auto"
        className={`menu ${panelClass ?? ""}`}
        onToggle={(event) => {
          if (event.newState !== "open") return;
          place(event.currentTarget);
          onOpen?.();
        }}
        onClick={(event) => {
          if (event.target instanceof Element && event.target.closest("a, button")) {
            event.currentTarget.hidePopover();
          }
        }}
        onKeyDown={moveFocus}
      >
        {children}
      </div>
    </>
  );
}

function moveFocus(event: React.KeyboardEvent<HTMLDivElement>) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("a, button")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + step + items.length) % items.length]?.focus();
  event.preventDefault();
}
