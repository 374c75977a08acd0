import createClient from "openapi-fetch";
import { asProblem, problemFrom } from "./problem";
import type { paths } from "./schema";
import { accessToken, renew } from "./session";

/** `fetch` with the token; a token that was refused is renewed once. */
export async function authorised(request: Request): Promise<Response> {
  const spare = request.clone();
  const token = await accessToken();
  const response = await send(request, token);
  if (response.status !== 401 || !token || !(await renew(token))) return response;
  return send(spare, await accessToken());
}

async function send(request: Request, token: string | null): Promise<Response> {
  if (token) request.headers.set("Authorization", `Bearer ${token}`);
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw asProblem(error);
  }
}

export const api = createClient<paths>({ baseUrl: "/", fetch: authorised });

interface Answered<Body> {
  data?: Body;
  error?: unknown;
  response: Response;
}

/** The body of a success; anything else is thrown as an `ApiProblem`. */
export async function ok<Body>(call: Promise<Answered<Body>>): Promise<Body> {
  const { data, error, response } = await call;
  if (!response.ok) throw problemFrom(error, response.status, response.headers.get("x-request-id"));
  return data as Body;
}
