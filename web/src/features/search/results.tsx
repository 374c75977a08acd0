import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { searchQuery } from "@/shared/api/queries";
import type { SearchResult } from "@/shared/api/types";
import { Loaded } from "@/shared/ui/loaded";
import { Plate } from "@/shared/ui/plate";
import { marked } from "./marked";
import { t } from "./messages";

interface Props {
  course: string;
  q: string;
  /** Which tab of the reader stays open behind a followed result. */
  tab?: "search";
}

export function Results({ course, q, tab }: Props) {
  const results = useQuery(searchQuery(course, q));
  if (q.trim().length < 2) return <p className="text-muted">{t("search.hint")}</p>;
  return (
    <Loaded query={results}>
      {(items) => (
        <>
          <p className="sr-only" role="status">
            {t("search.count", { n: items.length })}
          </p>
          {items.length ? (
            <ol className="card overflow-hidden" aria-label={t("search.results")}>
              {items.map((item) => (
                <ResultRow key={item.passage_id} item={item} q={q} tab={tab} />
              ))}
            </ol>
          ) : (
            <Plate title={t("search.none")} text={t("search.none-text")} />
          )}
        </>
      )}
    </Loaded>
  );
}

interface RowProps {
  item: SearchResult;
  q: string;
  tab: "search" | undefined;
}

function ResultRow({ item, q, tab }: RowProps) {
  return (
    <li className="result">
      <div className="meta">
        <Link
          className="font-semibold text-accent after:absolute after:inset-0"
          to="/books/$bookId/read"
          params={{ bookId: item.material_id }}
          search={{ page: item.page, cite: item.passage_id, ...(tab ? { tab } : {}) }}
          state={{ quote: item.text }}
        >
          {t("search.place", { title: item.title, page: item.page })}
        </Link>
      </div>
      <p>
        {marked(item.text, q).map((part) =>
          part.hit ? (
            <mark key={part.at} className="marked">
              {part.text}
            </mark>
          ) : (
            part.text
          ),
        )}
      </p>
    </li>
  );
}
