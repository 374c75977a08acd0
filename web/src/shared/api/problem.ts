/** RFC 9457 as the server sends it. */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  detail: string;
  request_id?: string;
  errors?: { field: string; message: string }[];
}

const slugs = "https://studium.dev/problems/";

/** An answer that is not a success, or no answer at all (status 0). */
export class ApiProblem extends Error {
  readonly details: ProblemDetails;

  constructor(details: ProblemDetails) {
    super(details.detail);
    this.name = "ApiProblem";
    this.details = details;
  }

  get status(): number {
    return this.details.status;
  }

  get slug(): string {
    return this.details.type.startsWith(slugs) ? this.details.type.slice(slugs.length) : "";
  }

  field(name: string): string | undefined {
    return this.details.errors?.find((error) => error.field === name)?.message;
  }
}

export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem({
    type: `${slugs}unreachable`,
    title: "Unreachable",
    status: 0,
    detail: "The server did not answer. What you see is kept; try again in a moment.",
  });
}

export function problemFrom(body: unknown, status: number, requestId?: string | null): ApiProblem {
  const given = typeof body === "object" && body !== null ? (body as Partial<ProblemDetails>) : {};
  return new ApiProblem({
    type: given.type ?? "about:blank",
    title: given.title ?? `HTTP ${status}`,
    status,
    detail:
      given.detail ?? "The server could not do this. Nothing was changed; try again in a moment.",
    ...((given.request_id ?? requestId) ? { request_id: given.request_id ?? requestId ?? "" } : {}),
    ...(given.errors ? { errors: given.errors } : {}),
  });
}
