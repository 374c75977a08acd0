import { useEffect, useRef } from "react";
import { t } from "../messages";

export interface Shown {
  link: HTMLAnchorElement;
  quote: string;
  page: number;
  label: string;
}

export const quoteCardId = "quote-card";

/** The words a citation stands on, beside the citation: in the browser's top layer, so nothing clips it. */
export function QuoteCard({ shown }: { shown: Shown | null }) {
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = card.current;
    if (!element || !shown) return;
    element.showPopover();
    place(element, shown.link);
    return () => element.hidePopover();
  }, [shown]);
  return (
    <div ref={card} id={quoteCardId} role="tooltip" popover="manual" className="quote-card">
      {shown ? (
        <>
          <blockquote>
            <mark className="marked">{shown.quote}</mark>
          </blockquote>
          <p className="meta">
            {shown.label === String(shown.page)
              ? t("cite.place", { page: shown.page })
              : t("cite.place-label", { label: shown.label, page: shown.page })}
          </p>
        </>
      ) : null}
    </div>
  );
}

function place(card: HTMLElement, link: HTMLElement) {
  const at = link.getBoundingClientRect();
  // Below by preference: what has just been read stays visible.
  const below = at.bottom + 8;
  const fits = below + card.offsetHeight < innerHeight - 8;
  card.style.top = `${fits ? below : Math.max(8, at.top - card.offsetHeight - 8)}px`;
  const left = at.left + at.width / 2 - card.offsetWidth / 2;
  card.style.left = `${Math.min(Math.max(8, left), innerWidth - card.offsetWidth - 8)}px`;
}
