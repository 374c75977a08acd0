import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const src = new URL("../src/", import.meta.url);

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".d.ts"))
  .map((path) => ({ path, text: readFileSync(new URL(path, src), "utf8") }));

/** What may appear in the named files only. */
const rules: [what: string, pattern: RegExp, where: string[]][] = [
  [
    "text is put into the page as text",
    /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|srcdoc/,
    ["shared/a11y/trusted.ts"],
  ],
  ["no text becomes code", /\beval\(|new Function\(|setTimeout\("|javascript:/, []],
  [
    "messages of other windows are not heard",
    /(window|globalThis|self)\.addEventListener\("message"|onmessage|\.postMessage\(/,
    [],
  ],
  [
    "what this browser keeps is kept in two places",
    /\blocalStorage\b/,
    ["shared/ui/stored.ts", "shared/api/session.ts"],
  ],
  ["nothing else is kept", /sessionStorage|indexedDB|document\.cookie|caches\.open/, []],
  ["password managers may fill in", /onPaste|autoComplete="off"/, []],
  ["no object takes names from outside", /__proto__|\[[\w.]+\]\s*=[^=>]|Object\.assign\(/, []],
];

describe.each(rules)("%s", (_, pattern, where) => {
  const found = files.filter(({ text }) => pattern.test(text)).map(({ path }) => path);

  test("everywhere else", () => {
    expect(found.filter((path) => !where.includes(path))).toEqual([]);
  });

  test("and the exception is used", () => {
    expect(found).toEqual(expect.arrayContaining(where));
  });
});
