import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ok } from "./client";
import { ApiProblem } from "./problem";
import type { Material, NotesState } from "./types";

/** Only a safety net below the live channel, and only while the server is at work. */
const pollMilliseconds = 10_000;

export const keys = {
  courses: ["courses"] as const,
  course: (id: string) => ["courses", id] as const,
  people: (id: string) => ["courses", id, "people"] as const,
  materials: (course: string) => ["courses", course, "materials"] as const,
  material: (id: string) => ["materials", id] as const,
  /** Of what begins with it, too: the notes' state. */
  notes: (id: string) => ["materials", id, "notes"] as const,
  notifications: ["notifications"] as const,
};

type Page<Item> = { items: Item[]; next?: string | null };

/** A list whole, page after page: what lies beyond the first must not be missing in silence. */
async function everyPage<Item>(page: (cursor: string | null) => Promise<Page<Item>>) {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const { items: more, next } = await page(cursor);
    items.push(...more);
    cursor = next ?? null;
  } while (cursor);
  return { items, next: null };
}

export const coursesQuery = queryOptions({
  queryKey: keys.courses,
  queryFn: () =>
    everyPage((cursor) =>
      // Without a question mark the first page comes as it is kept.
      ok(api.GET("/v1/courses", cursor ? { params: { query: { limit: 100, cursor } } } : {})),
    ),
  select: (list) => list.items,
});

export const courseQuery = (id: string) =>
  queryOptions({
    queryKey: keys.course(id),
    queryFn: () => ok(api.GET("/v1/courses/{course_id}", { params: { path: { course_id: id } } })),
  });

export const peopleQuery = (id: string) =>
  queryOptions({
    queryKey: keys.people(id),
    queryFn: () =>
      ok(
        api.GET("/v1/courses/{course_id}/enrolments", {
          params: { path: { course_id: id } },
        }),
      ),
    select: (list) => list.items,
  });

const isBusy = (material: Material) => material.status === "processing";

export const materialsQuery = (course: string) =>
  queryOptions({
    queryKey: keys.materials(course),
    queryFn: () =>
      everyPage((cursor) =>
        ok(
          api.GET("/v1/courses/{course_id}/materials", {
            params: { path: { course_id: course }, query: { limit: 100, cursor } },
          }),
        ),
      ),
    select: (list) => list.items,
    refetchInterval: ({ state }) => (state.data?.items.some(isBusy) ? pollMilliseconds : false),
  });

export const materialQuery = (id: string) =>
  queryOptions({
    queryKey: keys.material(id),
    queryFn: () =>
      ok(api.GET("/v1/materials/{material_id}", { params: { path: { material_id: id } } })),
    refetchInterval: ({ state }) => (state.data && isBusy(state.data) ? pollMilliseconds : false),
  });

export const notesQuery = (id: string) =>
  queryOptions({
    queryKey: keys.notes(id),
    queryFn: () =>
      ok(api.GET("/v1/materials/{material_id}/notes", { params: { path: { material_id: id } } })),
    // Notes change only by events and by what this page does; they are large.
    staleTime: 5 * 60_000,
    refetchInterval: ({ state }) => (isWriting(state) ? pollMilliseconds : false),
  });

export const notesStateQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.notes(id), "state"] as const,
    queryFn: () =>
      ok(
        api.GET("/v1/materials/{material_id}/notes/state", {
          params: { path: { material_id: id } },
        }),
      ),
    refetchInterval: ({ state }) => (isWriting(state) ? pollMilliseconds : false),
  });

/** Also while they are not found: the book's sections are not known yet. */
const isWriting = (of: { error: Error | null; data: NotesState | undefined }) =>
  (of.error instanceof ApiProblem && of.error.status === 404) || of.data?.status === "writing";

export const notificationsQuery = queryOptions({
  queryKey: keys.notifications,
  queryFn: () => ok(api.GET("/v1/notifications", { params: { query: { limit: 50 } } })),
});

export const searchQuery = (course: string, q: string) =>
  queryOptions({
    queryKey: ["courses", course, "search", q],
    queryFn: ({ signal }) =>
      ok(
        api.GET("/v1/courses/{course_id}/search", {
          params: { path: { course_id: course }, query: { q, limit: 20 } },
          signal,
        }),
      ),
    select: (found) => found.results,
    placeholderData: keepPreviousData,
    enabled: q.trim().length > 1,
  });
