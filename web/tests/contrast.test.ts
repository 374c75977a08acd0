import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const css = readFileSync(new URL("../src/app/styles/tokens.css", import.meta.url), "utf8");

/** Meaning → [light, dark] as hex, following the primitives. */
function readTokens(): Map<string, [string, string]> {
  const primitives = new Map(
    [...css.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map((m) => [m[1], m[2]] as const),
  );
  const meanings = css.matchAll(
    /--([\w-]+):\s*light-dark\(var\(--([\w-]+)\), var\(--([\w-]+)\)\);/g,
  );
  return new Map(
    [...meanings].map(([, name, light, dark]) => {
      const pair = [primitives.get(light ?? ""), primitives.get(dark ?? "")] as const;
      if (!name || !pair[0] || !pair[1]) throw new Error(`--${name} names an unknown colour`);
      return [name, [pair[0], pair[1]]];
    }),
  );
}

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const backgrounds = ["bg", "sunken", "surface"];
const text = ["fg", "muted", "accent", "accent-hover", "ok", "warn", "danger", "cite-fg"];
const pairs: [string, string, number][] = [
  ...backgrounds.flatMap((ground) =>
    text.map((ink): [string, string, number] => [ink, ground, 4.5]),
  ),
  ...backgrounds.map((ground): [string, string, number] => ["line-strong", ground, 3]),
  ["on-accent", "accent", 4.5],
  ["on-accent", "accent-hover", 4.5],
  ["accent", "accent-soft", 4.5],
  ["fg", "accent-soft", 4.5],
  ["cite-fg", "cite-bg", 4.5],
  ["fg", "cite-bg", 4.5],
  ["fg", "marker", 4.5],
  ["ok", "ok-soft", 4.5],
  ["warn", "warn-soft", 4.5],
  ["danger", "danger-soft", 4.5],
  ["fg", "warn-soft", 4.5],
  ["fg", "danger-soft", 4.5],
];

describe("every pair of colours that is used together is readable", () => {
  const tokens = readTokens();
  for (const [index, theme] of ["light", "dark"].entries()) {
    test.each(pairs)(`${theme}: %s on %s reaches %d`, (ink, ground, least) => {
      const [a, b] = [tokens.get(ink)?.[index], tokens.get(ground)?.[index]];
      if (!a || !b) throw new Error(`missing token: ${ink} or ${ground}`);
      expect(contrast(a, b)).toBeGreaterThanOrEqual(least);
    });
  }
});
