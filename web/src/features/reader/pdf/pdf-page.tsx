import type { TextLayer } from "pdfjs-dist";
import { useEffect, useRef, useState } from "react";
import { t } from "../messages";
import { findQuote } from "./find-quote";
import { type Mark, marksOf } from "./marks";
import type { Book } from "./open-book";

interface Props {
  book: Book;
  number: number;
  label: string;
  width: number;
  /** Wordings of the quote to highlight, tried in order; none means highlight nothing. */
  quotes: readonly string[];
  onRatio: (ratio: number) => void;
  onMarks: (marks: Mark[]) => void;
}

const maxPixelRatio = 2;

export function PdfPage({ book, number, label, width, quotes, onRatio, onMarks }: Props) {
  const frame = useRef<HTMLElement>(null);
  const [layer, setLayer] = useState<TextLayer | null>(null);
  const [marks, setMarks] = useState<Mark[]>([]);
  const report = useRef({ onRatio, onMarks });
  report.current = { onRatio, onMarks };

  useEffect(() => {
    const page = frame.current;
    if (!page) return;
    const drawing = draw(book, number, width, page, report.current.onRatio);
    drawing.done.then(setLayer, () => setLayer(null));
    return drawing.cancel;
  }, [book, number, width]);

  useEffect(() => {
    const page = frame.current;
    if (!page || !layer) return;
    const found = quotes.map((quote) => findQuote(layer.textContentItemsStr, quote)).find(Boolean);
    const boxes = found ? marksOf(page, layer.textDivs, found) : [];
    setMarks(boxes);
    if (quotes.length) report.current.onMarks(boxes);
  }, [layer, quotes]);

  return (
    <section
      ref={frame}
      className="pdf-page"
      aria-label={t("pdf.page", { label, number })}
      data-page={number}
    >
      <canvas />
      <div className="quote-marks" aria-hidden="true">
        {marks.map((mark) => (
          <span
            key={`${mark.left} ${mark.top}`}
            className="quote-mark"
            style={{
              left: `${mark.left}%`,
              top: `${mark.top}%`,
              width: `${mark.width}%`,
              height: `${mark.height}%`,
            }}
          />
        ))}
      </div>
      <div className="textLayer" />
    </section>
  );
}

function draw(
  book: Book,
  number: number,
  width: number,
  frame: HTMLElement,
  onRatio: (ratio: number) => void,
) {
  let cancelled = false;
  let stop = () => {};
  const run = async (): Promise<TextLayer | null> => {
    const page = await book.document.getPage(number);
    if (cancelled) return null;
    const natural = page.getViewport({ scale: 1 });
    onRatio(natural.height / natural.width);
    const viewport = page.getViewport({ scale: width / natural.width });
    const ratio = Math.min(devicePixelRatio || 1, maxPixelRatio);
    const canvas = document.createElement("canvas");
    canvas.width = Math.floor(viewport.width * ratio);
    canvas.height = Math.floor(viewport.height * ratio);
    const painting = page.render({ canvas, viewport, transform: [ratio, 0, 0, ratio, 0, 0] });
    const text = frame.querySelector<HTMLElement>(".textLayer");
    if (!text) return null;
    text.replaceChildren();
    frame.style.setProperty("--total-scale-factor", String(viewport.scale));
    const layer = new book.pdfjs.TextLayer({
      textContentSource: page.streamTextContent(),
      container: text,
      viewport,
    });
    stop = () => {
      painting.cancel();
      layer.cancel();
    };
    await Promise.all([layer.render(), painting.promise]);
    if (cancelled) return null;
    // Painted aside and put in place when finished: zooming never flashes white.
    frame.querySelector("canvas")?.replaceWith(canvas);
    return layer;
  };
  return {
    done: run(),
    cancel: () => {
      cancelled = true;
      stop();
    },
  };
}
