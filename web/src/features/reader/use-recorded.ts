import { useCallback, useEffect, useRef } from "react";
import type { Material, NotesSection } from "@/shared/api/types";
import { readMilliseconds, recordReading, tellLater } from "@/shared/reading/record";

/** Records what one stays on: a page of the book, a section of its notes. */
export function useRecorded(material: Material, section: NotesSection | undefined) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const last = useRef(0);
  const { id, course_id: course } = material;
  const index = section?.status === "ready" ? section.index : undefined;

  useEffect(() => {
    tellLater();
    return () => clearTimeout(timer.current);
  }, []);
  useEffect(() => {
    if (index === undefined) return;
    const reading = setTimeout(
      () => recordReading(course, id, "section.read", index),
      readMilliseconds,
    );
    return () => clearTimeout(reading);
  }, [course, id, index]);
  return useCallback(
    (page: number) => {
      if (page === last.current) return;
      last.current = page;
      clearTimeout(timer.current);
      timer.current = setTimeout(
        () => recordReading(course, id, "page.read", page),
        readMilliseconds,
      );
    },
    [course, id],
  );
}
