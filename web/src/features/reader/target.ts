import type { Citation, Notes } from "@/shared/api/types";

/** Where the PDF should be, and which words to highlight there. */
export interface Target {
  /** Identity of the history entry: the same page asked for again is a new target. */
  key: string;
  page: number;
  quotes: readonly string[];
}

/** FNV-1a, 32 bits: tells the quotes of one passage apart in an address. */
function hash(text: string): string {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  }
  return (sum >>> 0).toString(36);
}

export const citeKey = (passage: string, quote: string) => `${passage}~${hash(quote)}`;

function* citationsOf(notes: Notes): Generator<Citation> {
  for (const section of notes.sections) {
    for (const point of section.points) yield* point.citations;
    for (const term of section.key_terms) yield* term.citations;
  }
}

/** The quote that an address speaks of; undefined when these notes have no such quote (any more). */
export function quoteOf(notes: Notes, page: number, cite: string): string | undefined {
  const [passage, exact] = cite.split("~");
  const same = [...citationsOf(notes)].filter((c) => c.passage_id === passage && c.page === page);
  if (exact) return same.find((c) => hash(c.quote) === exact)?.quote;
  const quotes = new Set(same.map((c) => c.quote));
  // Without the exact part only an unambiguous quote may be highlighted.
  return quotes.size === 1 ? same[0]?.quote : undefined;
}
