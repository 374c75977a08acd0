import type { UseQueryResult } from "@tanstack/react-query";
import { Fragment, type RefObject, useEffect, useState } from "react";
import { useShortcuts } from "@/shared/a11y/shortcuts";
import { ApiProblem } from "@/shared/api/problem";
import type { Notes } from "@/shared/api/types";
import { Loaded } from "@/shared/ui/loaded";
import { Plate } from "@/shared/ui/plate";
import { withChapters } from "../chapters";
import { t } from "../messages";
import { NotesHeader } from "./notes-header";
import { type Cited, citedBy } from "./notes-html";
import { headingOf, Section } from "./notes-section";
import { QuoteCard, quoteCardId, type Shown } from "./quote-card";

interface Props {
  notes: UseQueryResult<Notes>;
  labels: readonly string[];
  teaches: boolean;
  scroller: RefObject<HTMLElement | null>;
  /** The citation whose quote the book shows. */
  cite: string | undefined;
  onCite: (cited: Cited) => void;
  /** A citation has the focus, without being activated. */
  onGlance: (cited: Cited) => void;
  onOpen: (page: number) => void;
}

export function NotesPane(props: Props) {
  const { notes, labels, teaches, scroller, cite, onCite, onGlance, onOpen } = props;
  const [shown, setShown] = useState<Shown | null>(null);
  useShortcuts({ j: () => step(scroller.current, 1), k: () => step(scroller.current, -1) });

  const written = notes.data?.written;
  // biome-ignore lint/correctness/useExhaustiveDependencies: sections that arrive bring new links
  useEffect(() => {
    for (const link of scroller.current?.querySelectorAll<HTMLElement>("a.citation") ?? []) {
      if (cite && link.dataset.cite === cite) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }, [scroller, cite, written]);

  const look = (target: EventTarget | null) => {
    const hit = citedBy(target);
    if (!hit) return setShown(null);
    const { page, quote } = hit.cited;
    hit.link.setAttribute("aria-describedby", quoteCardId);
    setShown({ link: hit.link, quote, page, label: labels[page - 1] || String(page) });
  };

  if (notes.error instanceof ApiProblem && notes.error.slug === "notes-not-published") {
    return <Plate title={t("notes.waiting")} text={notes.error.details.detail} />;
  }
  if (notes.error instanceof ApiProblem && notes.error.status === 404) {
    return <Plate title={t("notes.empty")} text={t("notes.empty-text")} />;
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the links inside are what is interactive
    <div
      className="notes"
      onMouseOver={(event) => look(event.target)}
      onMouseLeave={() => setShown(null)}
      onFocus={(event) => {
        look(event.target);
        const hit = citedBy(event.target);
        if (hit) onGlance(hit.cited);
      }}
      onBlur={() => setShown(null)}
      onKeyDown={(event) => {
        if (event.key === "Escape") setShown(null);
      }}
      onClick={(event) => {
        const hit = citedBy(event.target);
        // A new tab is the browser's own business.
        if (!hit || event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        setShown(null);
        onCite(hit.cited);
      }}
    >
      <Loaded query={notes}>
        {(found) => (
          <>
            <NotesHeader notes={found} teaches={teaches} />
            {found.sections.length ? (
              withChapters(found.sections).map(({ section, above }) => (
                <Fragment key={section.id}>
                  {above.map(({ title, level }) => (
                    <Chapter key={title} title={title} level={level} />
                  ))}
                  <Section section={section} labels={labels} onOpen={onOpen} />
                </Fragment>
              ))
            ) : (
              <Plate title={t("notes.empty")} text={t("notes.empty-text")} />
            )}
          </>
        )}
      </Loaded>
      <QuoteCard shown={shown} />
    </div>
  );
}

function Chapter({ title, level }: { title: string; level: number }) {
  const Heading = headingOf(level);
  return (
    <Heading className="chapter" data-level={level}>
      {title}
    </Heading>
  );
}

/** Moves the focus to the next citation: after the focused one, or after the top of what is visible. */
function step(pane: HTMLElement | null, by: 1 | -1) {
  if (!pane) return;
  const links = [...pane.querySelectorAll<HTMLElement>("a.citation")];
  const at = links.indexOf(document.activeElement as HTMLElement);
  const top = pane.getBoundingClientRect().top;
  const first = links.findIndex((link) => link.getBoundingClientRect().top >= top);
  const next = at >= 0 ? at + by : by > 0 ? first : first - 1;
  const link = links[Math.max(0, Math.min(next, links.length - 1))];
  link?.focus({ preventScroll: true });
  link?.scrollIntoView({ block: "center" });
}
