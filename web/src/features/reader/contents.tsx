import { Fragment, useEffect, useRef } from "react";
import type { NotesSection } from "@/shared/api/types";
import { withChapters } from "./chapters";
import { t } from "./messages";

interface Props {
  sections: readonly NotesSection[];
  labels: readonly string[];
  current: number;
  onGo: (section: NotesSection) => void;
}

export function Contents({ sections, labels, current, onGo }: Props) {
  const list = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: follows the current section
  useEffect(() => {
    const item = list.current?.querySelector<HTMLElement>("[aria-current]");
    const box = list.current;
    if (!item || !box) return;
    const top = item.offsetTop - box.offsetTop;
    if (top < box.scrollTop + 24 || top > box.scrollTop + box.clientHeight - 64) {
      box.scrollTop = top - box.clientHeight / 3;
    }
  }, [current]);
  return (
    <nav ref={list} className="toc" aria-label={t("reader.contents")}>
      <ol>
        {withChapters(sections).map(({ section, above }) => (
          <Fragment key={section.id}>
            {above.map(({ title, level }) => (
              <li key={title} className="above" data-level={level}>
                {title}
              </li>
            ))}
            <li data-level={Math.min(section.level, 3)}>
              <a
                href={`#section-${section.index}`}
                aria-current={section.index === current ? "location" : undefined}
                data-status={section.status}
                onClick={(event) => {
                  event.preventDefault();
                  onGo(section);
                }}
              >
                <span>{section.heading}</span>
                <span className="number">
                  {labels[section.first_page - 1] || section.first_page}
                </span>
              </a>
            </li>
          </Fragment>
        ))}
      </ol>
    </nav>
  );
}
