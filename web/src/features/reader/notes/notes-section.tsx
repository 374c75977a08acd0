import { memo } from "react";
import type { NotesSection } from "@/shared/api/types";
import { t } from "../messages";
import { NotesHtml } from "./notes-html";

export const headingOf = (level: number) => (["h2", "h3"] as const)[level] ?? "h4";

interface Props {
  section: NotesSection;
  labels: readonly string[];
  onOpen: (page: number) => void;
}

export const Section = memo(function Section({ section, labels, onOpen }: Props) {
  const Heading = headingOf(section.level);
  const id = `section-${section.index}`;
  return (
    <section
      id={id}
      className="notes-section"
      data-level={Math.min(section.level, 2)}
      data-status={section.status}
      aria-labelledby={`${id}-heading`}
    >
      <div className="heading">
        <Heading id={`${id}-heading`}>{section.heading}</Heading>
        <a
          className="pages"
          href={`?page=${section.first_page}`}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey) return;
            event.preventDefault();
            onOpen(section.first_page);
          }}
        >
          {pagesOf(section, labels)}
        </a>
      </div>
      <Body section={section} />
    </section>
  );
});

function Body({ section }: { section: NotesSection }) {
  if (section.status === "waiting") {
    return (
      <div aria-hidden="true" className="grid gap-2.5 py-2">
        <div className="skeleton h-3.5 w-11/12" />
        <div className="skeleton h-3.5 w-3/4" />
      </div>
    );
  }
  if (section.status === "failed") return <p className="callout">{t("notes.section-failed")}</p>;
  return (
    <>
      <NotesHtml html={section.html} />
      {section.dropped ? (
        <p className="dropped">{t("notes.dropped", { n: section.dropped })}</p>
      ) : null}
    </>
  );
}

function pagesOf({ first_page, last_page }: NotesSection, labels: readonly string[]): string {
  const first = labels[first_page - 1] || String(first_page);
  const last = labels[last_page - 1] || String(last_page);
  return first === last ? t("notes.page", { first }) : t("notes.pages", { first, last });
}
