import { describe, expect, test } from "vitest";
import { findQuote, fold } from "@/features/reader/pdf/find-quote";

const words = (items: string[], quote: string) => {
  const found = findQuote(items, quote);
  if (!found) return null;
  const parts = items.slice(found.from.item, found.to.item + 1);
  const end = parts.length - 1;
  return parts
    .map((part, at) =>
      part.slice(at ? 0 : found.from.offset, at === end ? found.to.offset + 1 : undefined),
    )
    .join("|");
};

describe("a quote is found in a page's runs of text", () => {
  test("across runs, whatever the spaces between them", () => {
    expect(words(["The spine ", "margin  is", " half."], "spine margin is")).toBe(
      "spine |margin  is",
    );
  });

  test("across a word broken at a line's end", () => {
    expect(words(["com-", "binations of ar\u00ad", "guments"], "combinations of arguments")).toBe(
      "com-|binations of ar\u00ad|guments",
    );
  });

  test("through ligatures, accents that stand apart, and case", () => {
    expect(words(["The ﬁrst", " caf´e"], "first cafe")).toBe("ﬁrst| caf´e");
    expect(words(["Café"], "CAFE\u0301")).toBe("Café");
  });

  test("with typographic and plain quotation marks alike", () => {
    expect(words(["“typeblock”, it"], '"typeblock"')).toBe("typeblock");
  });

  test("in writing without spaces", () => {
    expect(words(["版面", "设计"], "面设")).toBe("面|设");
  });

  test("letters outside the basic plane keep their place", () => {
    expect(words(["x 𝑎𝑏 y"], "ab y")).toBe("𝑎𝑏 y");
  });
});

describe("nothing else is taken for it", () => {
  test.each([
    ["one word differs", ["The outer margin is half."], "The inner margin is half."],
    ["the end is missing", ["The inner margin is"], "The inner margin is half."],
    ["the quote is empty", ["Anything"], " – "],
    ["the page is empty", [], "Anything"],
  ])("%s", (_why, items, quote) => {
    expect(findQuote(items, quote)).toBeNull();
  });
});

test("folding keeps letters and digits only", () => {
  expect(fold("Émigré’s  §4.2-b")).toBe("emigres42b");
});
