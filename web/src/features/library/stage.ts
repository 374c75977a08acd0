import type { Material, NotesState } from "@/shared/api/types";
import { t } from "./messages";

export interface Stage {
  tone: "busy" | "ok" | "warn" | "danger" | "idle";
  label: string;
  progress?: { done: number; total: number };
}

/** What a book's badge says: the book first, then its notes, which have a state of their own. */
export function stageOf(material: Material, notes: NotesState | undefined): Stage {
  switch (material.status) {
    case "failed":
      return { tone: "danger", label: t("stage.failed") };
    case "cancelled":
      return { tone: "idle", label: t("stage.cancelled") };
    case "processing":
      return processing(material);
    case "ready":
      return ready(notes);
  }
}

function processing({ stage, progress }: Material): Stage {
  const counted = progress.total > 0 && (stage === "reading" || stage === "indexing");
  if (!counted) return { tone: "busy", label: t(`stage.${stage}`) };
  return { tone: "busy", label: t(`stage.${stage}-count`, { ...progress }), progress };
}

function ready(notes: NotesState | undefined): Stage {
  if (notes?.status === "failed") return { tone: "warn", label: t("stage.notes-failed") };
  if (notes?.status !== "writing") return { tone: "ok", label: t("stage.ready") };
  const progress = { done: notes.written, total: notes.total };
  if (!notes.total) return { tone: "busy", label: t("stage.notes-start") };
  return { tone: "busy", label: t("stage.notes", progress), progress };
}

/** A book can be opened as soon as its pages are known. */
export function canOpen(material: Material): boolean {
  if (material.status === "ready") return true;
  return material.status === "processing" && ["reading", "indexing"].includes(material.stage);
}
