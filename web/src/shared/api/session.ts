import { ApiProblem, asProblem, problemFrom } from "./problem";
import type { Account, Session } from "./types";

/** The access token lives in this module's memory and nowhere else; the refresh cookie is HttpOnly. */
let token: string | null = null;
let freshUntil = 0;
let account: Account | null = null;
let starting: Promise<Account | null> | null = null;
const listeners = new Set<() => void>();

/** Says only that a cookie may exist, so that a first visit asks for nothing. */
const hint = "studium.signed-in";
const marginSeconds = 45;

function changed() {
  for (const listener of listeners) listener();
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const currentAccount = (): Account | null => account;

export function adopt(session: Pick<Session, "access_token" | "expires_in"> & Partial<Session>) {
  token = session.access_token;
  freshUntil = Date.now() + (session.expires_in - marginSeconds) * 1000;
  if (session.account) account = session.account;
  localStorage.setItem(hint, "1");
  changed();
}

export function forget() {
  token = null;
  account = null;
  starting = Promise.resolve(null);
  localStorage.removeItem(hint);
  changed();
}

async function askForSession(): Promise<void> {
  const response = await fetch("/v1/auth/refresh", { method: "POST" });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemFrom(body, response.status);
  adopt(body as Session);
}

/** One refresh at a time in this browser: two tabs must not rotate one cookie at once. */
async function refresh(stale: string | null): Promise<void> {
  await navigator.locks.request("studium.refresh", async () => {
    if (token === stale) await askForSession();
  });
}

/** A token that is good for the next moments; null when nobody is signed in. */
export async function accessToken(): Promise<string | null> {
  if (token && Date.now() > freshUntil) await renew(token);
  return token;
}

/** After the server refused `stale`. Ends the session when the cookie is no good either. */
export async function renew(stale: string | null): Promise<boolean> {
  try {
    await refresh(stale);
    return token !== null;
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) forget();
    else throw asProblem(error);
    return false;
  }
}

/** Resumes the session of an earlier visit, once. */
export function resume(): Promise<Account | null> {
  starting ??= (async () => {
    if (localStorage.getItem(hint)) await renew(null).catch(() => (starting = null));
    return account;
  })();
  return account ? Promise.resolve(account) : starting;
}
