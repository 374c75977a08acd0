import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok } from "@/shared/api/client";
import { keys } from "@/shared/api/queries";
import type { Notes } from "@/shared/api/types";
import { Icon } from "@/shared/ui/icons";
import { Menu } from "@/shared/ui/menu";
import { ProblemNote } from "@/shared/ui/problem";
import { Switch } from "@/shared/ui/switch";
import { t } from "../messages";

interface Props {
  notes: Notes;
  teaches: boolean;
}

export function NotesHeader({ notes, teaches }: Props) {
  return (
    <header className="notes-header">
      <h1>{notes.title}</h1>
      <div className="meta">
        <span className="badge">{notes.generator}</span>
        {notes.total ? <span>{t("notes.sections", { n: notes.total })}</span> : null}
      </div>
      {notes.status === "writing" ? <Writing notes={notes} /> : null}
      {notes.status === "failed" ? (
        <p className="callout" data-tone="warn" role="alert">
          {t("notes.failed")}
        </p>
      ) : null}
      {teaches ? <TeacherTools notes={notes} /> : null}
    </header>
  );
}

function Writing({ notes }: { notes: Notes }) {
  const label = notes.total
    ? t("stage.notes", { done: notes.written, total: notes.total })
    : t("stage.notes-start");
  return (
    <div className="grid gap-2">
      <span className="badge w-fit" data-tone="busy">
        {label}
      </span>
      {notes.total ? (
        <progress className="bar" aria-label={label} value={notes.written} max={notes.total} />
      ) : null}
    </div>
  );
}

function TeacherTools({ notes }: { notes: Notes }) {
  const queries = useQueryClient();
  const [wanted, setWanted] = useState<boolean | null>(null);
  const key = keys.notes(notes.material_id);
  const path = { material_id: notes.material_id };
  const publish = useMutation({
    mutationFn: (published: boolean) =>
      ok(
        api.PUT("/v1/materials/{material_id}/notes/published", {
          params: { path },
          body: { published },
        }),
      ),
    onSuccess: (changed) => queries.setQueryData(key, changed),
    onSettled: () => setWanted(null),
  });
  const rewrite = useMutation({
    mutationFn: () =>
      ok(api.POST("/v1/materials/{material_id}/notes", { params: { path }, body: {} })),
    onSuccess: () => queries.invalidateQueries({ queryKey: key }),
  });
  const problem = publish.error ?? rewrite.error;
  const published = wanted ?? notes.published;
  return (
    <>
      <div className="flex items-center justify-between gap-3 border-t border-line pt-3">
        <Switch
          label={t(published ? "notes.published" : "notes.unpublished")}
          checked={published}
          onChange={(on) => {
            setWanted(on);
            publish.mutate(on);
          }}
        />
        <Menu label={t("notes.menu")}>
          <button
            type="button"
            disabled={notes.status === "writing"}
            onClick={() => rewrite.mutate()}
          >
            <Icon name="retry" />
            {t("notes.rewrite")}
          </button>
        </Menu>
      </div>
      {problem ? <ProblemNote error={problem} /> : null}
    </>
  );
}
