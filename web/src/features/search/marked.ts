export interface Part {
  text: string;
  hit: boolean;
  at: number;
}

/** Splits a passage where words of the question stand in it. Words of one or two letters stay unmarked. */
export function marked(text: string, question: string): Part[] {
  const words = question.match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  if (!words.length) return [{ text, hit: false, at: 0 }];
  const pattern = new RegExp(`\\b(${words.join("|")})`, "giu");
  let at = 0;
  return text.split(pattern).flatMap((piece, index) => {
    const part = { text: piece, hit: index % 2 === 1, at };
    at += piece.length;
    return piece ? [part] : [];
  });
}
