import type { Found, Spot } from "./find-quote";

/** A highlighted box in percent of the page, so that it survives zooming. */
export interface Mark {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Turns a place in the text layer into boxes, one per line of text. */
export function marksOf(page: HTMLElement, divs: readonly HTMLElement[], found: Found): Mark[] {
  const frame = page.getBoundingClientRect();
  const boxes: Mark[] = [];
  for (let item = found.from.item; item <= found.to.item; item++) {
    const range = rangeOf(divs[item], item, found);
    for (const box of range?.getClientRects() ?? []) {
      if (box.width < 0.5) continue;
      boxes.push({
        left: (100 * (box.left - frame.left)) / frame.width,
        top: (100 * (box.top - frame.top)) / frame.height,
        width: (100 * box.width) / frame.width,
        height: (100 * box.height) / frame.height,
      });
    }
  }
  return joinLines(boxes);
}

function rangeOf(div: HTMLElement | undefined, item: number, { from, to }: Found): Range | null {
  const text = div?.firstChild;
  if (!(text instanceof Text)) return null;
  const range = document.createRange();
  range.setStart(text, item === from.item ? Math.min(from.offset, text.length) : 0);
  range.setEnd(text, item === to.item ? endOf(text, to) : text.length);
  return range;
}

function endOf(text: Text, { offset }: Spot): number {
  const letter = String.fromCodePoint(text.data.codePointAt(offset) ?? 32);
  // A full stop that closes the quote belongs to it.
  const closing = /^[.,;:!?)\]”’»]+/.exec(text.data.slice(offset + letter.length));
  return Math.min(offset + letter.length + (closing?.[0].length ?? 0), text.length);
}

/** Runs of one line become one box: no gaps between words, no double colour where runs overlap. */
export function joinLines(boxes: readonly Mark[]): Mark[] {
  const lines: Mark[] = [];
  for (const box of boxes) {
    const last = lines.at(-1);
    if (!last || !sameLine(last, box)) {
      lines.push({ ...box });
      continue;
    }
    const right = Math.max(last.left + last.width, box.left + box.width);
    const bottom = Math.max(last.top + last.height, box.top + box.height);
    last.left = Math.min(last.left, box.left);
    last.top = Math.min(last.top, box.top);
    last.width = right - last.left;
    last.height = bottom - last.top;
  }
  return lines;
}

function sameLine(a: Mark, b: Mark): boolean {
  const overlap = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  const gap = b.left - (a.left + a.width);
  return overlap > 0.5 * Math.min(a.height, b.height) && gap > -a.width - 1 && gap < 4;
}
