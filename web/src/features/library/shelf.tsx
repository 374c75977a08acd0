import { useQuery, useQueryClient } from "@tanstack/react-query";
import { keys, materialsQuery } from "@/shared/api/queries";
import type { Course, Material } from "@/shared/api/types";
import { Loaded } from "@/shared/ui/loaded";
import { Plate } from "@/shared/ui/plate";
import { BookRow } from "./book-row";
import { Dropzone } from "./dropzone";
import { t } from "./messages";
import { UploadRow } from "./upload-row";
import { start, useUploads } from "./uploads";

/** The books of a course: what is being sent, what is in processing, what is ready. */
export function Shelf({ course }: { course: Course }) {
  const materials = useQuery(materialsQuery(course.id));
  const uploads = useUploads(course.id);
  const queries = useQueryClient();
  const teaches = course.role === "teacher";
  const onDone = () => void queries.invalidateQueries({ queryKey: keys.materials(course.id) });
  return (
    <div className="grid gap-6">
      {teaches && materials.data ? (
        <Dropzone
          first={materials.data.length + uploads.length === 0}
          onFiles={(files) => start(course.id, files, onDone)}
        />
      ) : null}
      <Loaded query={materials}>
        {(items) =>
          items.length || uploads.length ? (
            <ul className="card" aria-label={t("course.materials")}>
              {uploads.map((upload) => (
                <UploadRow key={upload.id} upload={upload} onDone={onDone} />
              ))}
              {newestFirst(items).map((material) => (
                <BookRow key={material.id} material={material} mayChange={teaches} />
              ))}
            </ul>
          ) : teaches ? null : (
            <Plate title={t("shelf.empty")} text={t("shelf.empty-student")} />
          )
        }
      </Loaded>
    </div>
  );
}

const newestFirst = (items: Material[]) =>
  items.toSorted((a, b) => b.created_at.localeCompare(a.created_at));
