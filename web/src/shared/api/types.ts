import type { paths } from "./schema";

type Json<Response> = Response extends { content: { "application/json": infer Body } }
  ? Body
  : never;
type Answer<Operation, Status extends number> = Operation extends { responses: infer Responses }
  ? Status extends keyof Responses
    ? Json<Responses[Status]>
    : never
  : never;

export type Session = Answer<paths["/v1/auth/login"]["post"], 200>;
export type Account = Answer<paths["/v1/auth/me"]["get"], 200>;
export type Course = Answer<paths["/v1/courses/{course_id}"]["get"], 200>;
export type Enrolment = Answer<
  paths["/v1/courses/{course_id}/enrolments"]["get"],
  200
>["items"][number];
export type Material = Answer<paths["/v1/materials/{material_id}"]["get"], 200>;
export type Receipt = NonNullable<Material["receipt"]>;
export type Notes = Answer<paths["/v1/materials/{material_id}/notes"]["get"], 200>;
export type NotesState = Answer<paths["/v1/materials/{material_id}/notes/state"]["get"], 200>;
export type NotesSection = Notes["sections"][number];
export type Citation = NotesSection["points"][number]["citations"][number];
export type SearchResult = Answer<
  paths["/v1/courses/{course_id}/search"]["get"],
  200
>["results"][number];
export type Notifications = Answer<paths["/v1/notifications"]["get"], 200>;
export type Notification = Notifications["items"][number];
