import { useSyncExternalStore } from "react";
import { type ApiProblem, asProblem } from "@/shared/api/problem";
import type { Material } from "@/shared/api/types";
import { t } from "./messages";
import { looksLikePdf } from "./pdf-signature";
import { send } from "./send";

export interface Upload {
  id: number;
  course: string;
  file: File;
  /** Share of the bytes that are sent, 0 to 1. */
  sent: number;
  problem: string | null;
  requestId: string | null;
}

/** Uploads outlive the page that started them: one keeps browsing while they run. */
let uploads: readonly Upload[] = [];
let nextId = 1;
const aborts = new Map<number, AbortController>();
const listeners = new Set<() => void>();

function replace(next: readonly Upload[]) {
  uploads = next;
  for (const listener of listeners) listener();
}

function change(id: number, fields: Partial<Upload>) {
  replace(uploads.map((upload) => (upload.id === id ? { ...upload, ...fields } : upload)));
}

export function dismiss(id: number) {
  aborts.get(id)?.abort();
  aborts.delete(id);
  replace(uploads.filter((upload) => upload.id !== id));
}

export type OnDone = (material: Material) => void;

export function start(course: string, files: Iterable<File>, onDone: OnDone) {
  for (const file of files) {
    const upload = { id: nextId++, course, file, sent: 0, problem: null, requestId: null };
    replace([upload, ...uploads]);
    void run(upload, onDone);
  }
}

export function again(upload: Upload, onDone: OnDone) {
  change(upload.id, { sent: 0, problem: null, requestId: null });
  void run(upload, onDone);
}

async function run({ id, course, file }: Upload, onDone: OnDone) {
  const abort = new AbortController();
  aborts.set(id, abort);
  // A file that is no PDF is refused before its bytes travel; the server checks again.
  if (!(await looksLikePdf(file))) {
    change(id, { problem: t(file.size ? "upload.not-a-pdf" : "upload.empty-file") });
    return;
  }
  try {
    const onProgress = (sent: number) => change(id, { sent });
    onDone(await send({ course, file, signal: abort.signal, onProgress }));
    dismiss(id);
  } catch (error) {
    fail(id, asProblem(error));
  }
}

function fail(id: number, { details }: ApiProblem) {
  change(id, { problem: details.detail, requestId: details.request_id ?? null });
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function useUploads(course: string): Upload[] {
  const all = useSyncExternalStore(subscribe, () => uploads);
  return all.filter((upload) => upload.course === course);
}

if (typeof addEventListener === "function") {
  addEventListener("beforeunload", (event) => {
    if (uploads.some((upload) => !upload.problem)) event.preventDefault();
  });
}
