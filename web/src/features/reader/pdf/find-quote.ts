/** Where a quote stands in a page's runs of text: first and last character, both inclusive. */
export interface Found {
  from: Spot;
  to: Spot;
}

export interface Spot {
  item: number;
  offset: number;
}

interface Folded {
  text: string;
  spots: Spot[];
}

/**
 * What two readings of one page agree on: letters and digits, without case, accents and ligatures.
 * Spaces, hyphens and punctuation differ between extractors, so they do not take part.
 */
export function fold(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

function foldItems(items: readonly string[]): Folded {
  let text = "";
  const spots: Spot[] = [];
  items.forEach((words, item) => {
    let offset = 0;
    for (const letter of words) {
      for (const kept of fold(letter)) {
        text += kept;
        for (let unit = 0; unit < kept.length; unit++) spots.push({ item, offset });
      }
      offset += letter.length;
    }
  });
  return { text, spots };
}

/** The whole quote or nothing: something similar is never taken for it. */
export function findQuote(items: readonly string[], quote: string): Found | null {
  const wanted = fold(quote);
  if (!wanted) return null;
  const page = foldItems(items);
  const start = page.text.indexOf(wanted);
  const from = page.spots[start];
  const to = page.spots[start + wanted.length - 1];
  return start >= 0 && from && to ? { from, to } : null;
}
