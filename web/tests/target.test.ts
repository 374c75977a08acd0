import { describe, expect, test } from "vitest";
import { citeKey, quoteOf } from "@/features/reader/target";
import type { Notes } from "@/shared/api/types";

const cite = (passage_id: string, page: number, quote: string) => ({ passage_id, page, quote });

const notes = {
  sections: [
    {
      points: [
        { text: "", citations: [cite("p1", 4, "First quote."), cite("p1", 4, "Second quote.")] },
      ],
      key_terms: [{ term: "", definition: "", citations: [cite("p2", 9, "Only quote.")] }],
    },
  ],
} as unknown as Notes;

describe("an address names one quote", () => {
  test("exactly, where a passage has several", () => {
    expect(quoteOf(notes, 4, citeKey("p1", "Second quote."))).toBe("Second quote.");
  });

  test("by the passage alone, where it has one", () => {
    expect(quoteOf(notes, 9, "p2")).toBe("Only quote.");
  });

  test("and none where it could be several, or where the notes have changed", () => {
    expect(quoteOf(notes, 4, "p1")).toBeUndefined();
    expect(quoteOf(notes, 4, citeKey("p1", "An older wording."))).toBeUndefined();
    expect(quoteOf(notes, 5, citeKey("p1", "First quote."))).toBeUndefined();
  });
});
