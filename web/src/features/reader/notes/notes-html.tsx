import { memo, useLayoutEffect, useRef } from "react";
import { fillWithNotes } from "@/shared/a11y/trusted";
import { t } from "../messages";
import { citeKey } from "../target";

/** The server's HTML of one section, with its citations made ready to be followed. */
export const NotesHtml = memo(function NotesHtml({ html }: { html: string }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!ref.current) return;
    fillWithNotes(ref.current, html);
    for (const link of ref.current.querySelectorAll<HTMLAnchorElement>("a.citation")) prepare(link);
  }, [html]);
  return <div ref={ref} className="prose" />;
});

/** The quote moves from the tooltip to a card that keyboards reach too, and the address names it exactly. */
function prepare(link: HTMLAnchorElement) {
  const { passage = "", page = "" } = link.dataset;
  const quote = link.title;
  link.dataset.quote = quote;
  link.removeAttribute("title");
  link.dataset.cite = citeKey(passage, quote);
  link.href = `?page=${page}&cite=${link.dataset.cite}`;
  const label = link.textContent ?? "";
  link.setAttribute("aria-label", t("cite.label", { label }));
  // The number never stands alone on a line.
  const before = link.previousSibling;
  if (before instanceof Text) before.data = before.data.replace(/ $/, "\u00a0");
  for (const table of link.closest(".prose")?.querySelectorAll("table") ?? []) table.tabIndex = 0;
}

export interface Cited {
  page: number;
  cite: string;
  quote: string;
}

/** The citation that an event happened on. */
export function citedBy(
  target: EventTarget | null,
): { link: HTMLAnchorElement; cited: Cited } | null {
  const link = target instanceof Element ? target.closest<HTMLAnchorElement>("a.citation") : null;
  if (!link) return null;
  const { page = "1", cite = "", quote = "" } = link.dataset;
  return { link, cited: { page: Number(page), cite, quote } };
}
