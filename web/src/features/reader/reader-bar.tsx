import { Link } from "@tanstack/react-router";
import type { Material } from "@/shared/api/types";
import { Icon } from "@/shared/ui/icons";
import { t } from "./messages";

interface Props {
  material: Material;
  hasContents: boolean;
  onContents: () => void;
  /** Opens the PDF where it has no column of its own. */
  onBook: (() => void) | undefined;
}

export function ReaderBar({ material, hasContents, onContents, onBook }: Props) {
  return (
    <header className="reader-bar">
      <Link
        to="/courses/$courseId"
        params={{ courseId: material.course_id }}
        className="btn btn-quiet btn-icon"
        aria-label={t("reader.back")}
        title={t("reader.back")}
      >
        <Icon name="back" />
      </Link>
      {hasContents ? (
        <button
          type="button"
          className="btn btn-quiet btn-icon"
          aria-label={t("reader.contents")}
          title={t("reader.contents")}
          onClick={onContents}
        >
          <Icon name="contents" />
        </button>
      ) : null}
      <span className="book-title">{material.title}</span>
      {onBook ? (
        <button type="button" className="btn btn-small" onClick={onBook}>
          <Icon name="page" />
          {t("reader.book")}
        </button>
      ) : null}
    </header>
  );
}
