import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { useShortcuts } from "@/shared/a11y/shortcuts";
import { ScrollArea } from "@/shared/ui/scroll-area";
import { t } from "../messages";
import type { Target } from "../target";
import type { Mark } from "./marks";
import type { Book } from "./open-book";
import { PdfPage } from "./pdf-page";
import { PdfToolbar } from "./pdf-toolbar";
import { QuoteStrip } from "./quote-strip";
import { useWidth } from "./use-width";

interface Props {
  book: Book;
  labels: readonly string[];
  target: Target;
  positions: Map<string, number>;
  onPage: (page: number) => void;
  children?: ReactNode;
}

const none: readonly string[] = [];
const gap = 20;
const padding = 16;
/** Room beside the page: for its printed label, and for air. */
const gutters = 40 + 20;

export function Pages({ book, labels, target, positions, onPage, children }: Props) {
  const scroller = useRef<HTMLElement>(null);
  const available = useWidth(scroller);
  const [zoom, setZoom] = useState(1);
  const [found, setFound] = useState<{ key: string; marks: Mark[] } | null>(null);
  const ratios = useRef(new Map<number, number>());
  const total = book.document.numPages;
  const width = Math.max(200, Math.min(Math.floor(available) - gutters, 900)) * zoom;
  const labelOf = (page: number) => labels[page - 1] || String(page);

  const pages = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => Math.round(width * (ratios.current.get(index + 1) ?? book.ratio)),
    overscan: 1,
    gap,
    paddingStart: padding,
    paddingEnd: 120,
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: the width is what changed
  useEffect(() => pages.measure(), [width]);

  const middle = (pages.scrollOffset ?? 0) + (scroller.current?.clientHeight ?? 0) * 0.4;
  const visible = (pages.getVirtualItemForOffset(middle)?.index ?? 0) + 1;
  useEffect(() => onPage(visible), [visible, onPage]);

  const jump = useCallback(
    (page: number) => {
      const index = Math.max(0, Math.min(page, total) - 1);
      pages.scrollToIndex(index, { align: "start" });
    },
    [pages, total],
  );

  const ready = available > 0;
  const latest = useRef({ jump, page: target.page });
  latest.current = { jump, page: target.page };
  useEffect(() => {
    const box = scroller.current;
    if (!box || !ready) return;
    const kept = positions.get(target.key);
    if (kept === undefined) latest.current.jump(latest.current.page);
    else box.scrollTop = kept;
    return () => void positions.set(target.key, box.scrollTop);
  }, [target.key, ready, positions]);

  // Once per target, and after the jump: the marked line comes to the upper third of the view.
  const placed = useRef("");
  // biome-ignore lint/correctness/useExhaustiveDependencies: marks that arrive are the occasion
  useEffect(() => {
    const box = scroller.current;
    if (!box || found?.key !== target.key || placed.current === found.key) return;
    placed.current = found.key;
    const start = pages.getOffsetForIndex(target.page - 1, "start")?.[0];
    if (!found.marks[0] || start === undefined || positions.has(found.key)) return;
    const height = width * (ratios.current.get(target.page) ?? book.ratio);
    box.scrollTop = start + (found.marks[0].top / 100) * height - box.clientHeight * 0.3;
  }, [found]);

  useShortcuts({ "[": () => jump(visible - 1), "]": () => jump(visible + 1) });
  const outcome = found?.key === target.key ? found.marks.length > 0 : null;

  return (
    <div className="pdf">
      {children}
      <PdfToolbar
        page={visible}
        total={total}
        label={labelOf(visible)}
        zoom={zoom}
        onPage={jump}
        onZoom={setZoom}
      />
      <QuoteStrip target={target} label={labelOf(target.page)} found={outcome} />
      <ScrollArea ref={scroller} className="pdf-scroller" label={t("pdf.region")}>
        <div
          className="relative mx-auto"
          style={{ height: pages.getTotalSize(), width: width + gutters }}
        >
          {ready
            ? pages.getVirtualItems().map((item) => (
                <div
                  key={item.key}
                  className="pdf-row"
                  style={{ top: item.start, height: item.size }}
                >
                  <span className="pdf-label" aria-hidden="true">
                    {labelOf(item.index + 1)}
                  </span>
                  <div style={{ width, height: item.size }}>
                    <PdfPage
                      book={book}
                      number={item.index + 1}
                      label={labelOf(item.index + 1)}
                      width={width}
                      quotes={item.index + 1 === target.page ? target.quotes : none}
                      onRatio={(ratio) => {
                        const known = ratios.current.get(item.index + 1) ?? book.ratio;
                        ratios.current.set(item.index + 1, ratio);
                        if (Math.abs(known - ratio) > 0.002) pages.measure();
                      }}
                      onMarks={(marks) => setFound({ key: target.key, marks })}
                    />
                  </div>
                </div>
              ))
            : null}
        </div>
      </ScrollArea>
    </div>
  );
}
