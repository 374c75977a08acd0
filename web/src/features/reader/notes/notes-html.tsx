import { memo, useLayoutEffect, useRef } from "react";
import { fillWithNotes } from "@/shared/a11y/trusted";
import { t } from "@/shared/i18n";
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
  link.href = `?page=${page}&cite=${citeKey(passage, quote)}`;
  const label = link.textContent ?? "";
  link.setAttribute("aria-label", t("cite.label", { label }));
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
  const { passage = "", page = "1", quote = "" } = link.dataset;
  return { link, cited: { page: Number(page), cite: citeKey(passage, quote), quote } };
}
