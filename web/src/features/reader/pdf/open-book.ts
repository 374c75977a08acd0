import type { PDFDocumentLoadingTask, PDFDocumentProxy } from "pdfjs-dist";
import workerUrl from "pdfjs-dist/build/pdf.worker.min.mjs?url";
import { startWorker } from "@/shared/a11y/trusted";
import { authorised } from "@/shared/api/client";
import { asProblem, problemFrom } from "@/shared/api/problem";

type PdfJs = typeof import("pdfjs-dist");

export interface Book {
  pdfjs: PdfJs;
  document: PDFDocumentProxy;
  /** Height divided by width of the first page: the best guess for all others. */
  ratio: number;
  close: () => void;
}

const chunkBytes = 256 * 1024;

async function readRange(url: string, begin: number, end: number): Promise<Uint8Array> {
  const headers = { Range: `bytes=${begin}-${end - 1}` };
  const response = await authorised(new Request(url, { headers }));
  if (!response.ok) throw problemFrom(await response.json().catch(() => null), response.status);
  const bytes = new Uint8Array(await response.arrayBuffer());
  // A server without ranges answers with the whole file.
  return response.status === 206 ? bytes : bytes.slice(begin, end);
}

/** Opens a PDF of any size by reading only the ranges that the shown pages need. */
export async function openBook(url: string, bytes: number): Promise<Book> {
  const pdfjs = await import("pdfjs-dist");
  let task: PDFDocumentLoadingTask | undefined;
  const failed = Promise.withResolvers<never>();

  class Ranges extends pdfjs.PDFDataRangeTransport {
    override requestDataRange(begin: number, end: number) {
      readRange(url, begin, end).then((chunk) => this.onDataRange(begin, chunk), failed.reject);
    }
  }

  const port = startWorker(workerUrl);
  const worker = pdfjs.PDFWorker.create({ port });
  const close = () => {
    void task?.destroy();
    worker.destroy();
    port.terminate();
  };
  try {
    task = pdfjs.getDocument({
      range: new Ranges(bytes, null),
      worker,
      rangeChunkSize: chunkBytes,
      disableAutoFetch: true,
      disableStream: true,
      useWasm: false,
      cMapUrl: "/assets/pdf/cmaps/",
      standardFontDataUrl: "/assets/pdf/standard_fonts/",
    });
    const document = await Promise.race([task.promise, failed.promise]);
    const { width, height } = (await document.getPage(1)).getViewport({ scale: 1 });
    return { pdfjs, document, ratio: height / width, close };
  } catch (error) {
    close();
    throw asProblem(error);
  }
}
