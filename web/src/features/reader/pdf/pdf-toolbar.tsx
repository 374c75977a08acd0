import { Icon } from "@/shared/ui/icons";
import { t } from "../messages";

interface Props {
  page: number;
  total: number;
  label: string;
  zoom: number;
  onPage: (page: number) => void;
  onZoom: (zoom: number) => void;
}

const zooms = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];
const nextZoom = (zoom: number) => zooms.find((step) => step > zoom) ?? zoom;
const lastZoom = (zoom: number) => zooms.findLast((step) => step < zoom) ?? zoom;

export function PdfToolbar({ page, total, label, zoom, onPage, onZoom }: Props) {
  return (
    <div className="pdf-toolbar" role="toolbar" aria-label={t("pdf.tools")}>
      <Tool
        icon="back"
        label={t("pdf.previous")}
        off={page <= 1}
        onClick={() => onPage(page - 1)}
      />
      <form
        className="flex items-center gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          onPage(Number(new FormData(event.currentTarget).get("page")) || page);
        }}
      >
        <input
          key={page}
          name="page"
          className="page-input"
          type="text"
          inputMode="numeric"
          defaultValue={page}
          aria-label={t("pdf.go-to")}
        />
        <span className="text-muted whitespace-nowrap">/ {total}</span>
      </form>
      <Tool
        icon="next"
        label={t("pdf.next")}
        off={page >= total}
        onClick={() => onPage(page + 1)}
      />
      <span className="printed">{label !== String(page) ? t("pdf.printed", { label }) : null}</span>
      <span className="flex-1" />
      <Tool
        icon="minus"
        label={t("pdf.smaller")}
        off={zoom <= 0.5}
        onClick={() => onZoom(lastZoom(zoom))}
      />
      <Tool
        icon="plus"
        label={t("pdf.larger")}
        off={zoom >= 3}
        onClick={() => onZoom(nextZoom(zoom))}
      />
    </div>
  );
}

interface ToolProps {
  icon: "back" | "next" | "minus" | "plus";
  label: string;
  off: boolean;
  onClick: () => void;
}

function Tool({ icon, label, off, onClick }: ToolProps) {
  return (
    <button
      type="button"
      className="btn btn-quiet btn-icon btn-small"
      aria-label={label}
      title={label}
      disabled={off}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
