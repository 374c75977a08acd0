import { useLocation, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useRef } from "react";
import { currentAccount } from "@/shared/api/session";
import type { Notes } from "@/shared/api/types";
import { placeOf } from "@/shared/reading/places";
import type { Cited } from "./notes/notes-html";
import { quoteOf, type Target } from "./target";

export interface Aim {
  target: Target;
  cite: string | undefined;
  /** The address asks for the PDF itself: on a phone the sheet is open. */
  asked: boolean;
  open: (page: number) => void;
  follow: (cited: Cited, replace?: boolean) => void;
  close: () => void;
}

/** The address says where the PDF is; Back and reload therefore find the old place. */
export function useTarget(book: string, notes: Notes | undefined): Aim {
  const { page, cite, quote: given, key, within } = useEntry(book);
  const navigate = useNavigate({ from: "/books/$bookId/read" });
  const fallback = useMemo(() => placeOf(currentAccount()?.id ?? "", book)?.page ?? 1, [book]);

  const quote = given ?? (notes && page && cite ? quoteOf(notes, page, cite) : undefined);
  const target = useMemo(
    () => ({ key, page: page ?? fallback, quotes: quote ? wordings(quote) : [] }),
    [key, page, fallback, quote],
  );

  const open = useCallback(
    (to: number) => {
      const search = (old: object) => ({ ...old, page: to, cite: undefined });
      void navigate({ search, resetScroll: false });
    },
    [navigate],
  );
  const follow = useCallback(
    ({ page, cite, quote }: Cited, replace = false) => {
      const search = (old: object) => ({ ...old, page, cite });
      void navigate({ search, state: { quote }, replace, resetScroll: false });
    },
    [navigate],
  );
  const close = useCallback(() => {
    if (within) history.back();
    else {
      const search = (old: object) => ({ ...old, page: undefined, cite: undefined });
      void navigate({ search, replace: true });
    }
  }, [navigate, within]);
  return { target, cite, asked: page !== undefined, open, follow, close };
}

interface Entry {
  page: number | undefined;
  cite: string | undefined;
  quote: string | undefined;
  key: string;
  /** An earlier page of the app is one step back. */
  within: boolean;
}

/**
 * The history entry one is on. Address, key and state are read from one place, because a route's
 * search parameters arrive a moment later than the entry's key. On the way out the last entry stays.
 */
function useEntry(book: string): Entry {
  const location = useLocation();
  const last = useRef(location);
  if (location.pathname.startsWith(`/books/${book}/`)) last.current = location;
  const { search, state, href } = last.current;
  return useMemo(() => {
    const { page, cite } = search as { page?: unknown; cite?: unknown };
    return {
      page: Number(page) >= 1 ? Math.floor(Number(page)) : undefined,
      cite: cite === undefined ? undefined : String(cite),
      quote: state.quote,
      key: state.__TSR_key ?? href,
      within: state.__TSR_index > 0,
    };
  }, [search, state, href]);
}

const lead = /^.{40,160}?[.!?](?=\s)/su;

/** A long passage may run on to the next page: then its first sentence marks the place. */
function wordings(quote: string): string[] {
  const first = quote.length > 240 ? lead.exec(quote)?.[0] : undefined;
  return first ? [quote, first] : [quote];
}
