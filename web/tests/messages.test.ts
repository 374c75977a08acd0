import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const src = new URL("../src/", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, src), "utf8");

const idsOf = (catalogue: string) =>
  [...read(catalogue).matchAll(/^msgid "(.+)"$/gm)].map((match) => match[1] ?? "");

const codeOf = (folder: string) =>
  readdirSync(new URL(folder, src), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".d.ts"))
    .map((path) => read(`${folder}/${path}`))
    .join("\n");

const shared = idsOf("shared/i18n/en.po");
const everything = ["app", "shared", "features"].map(codeOf).join("\n");
const features = readdirSync(new URL("features", src));
const withCatalogue = (name: string) => existsSync(new URL(`features/${name}/en.po`, src));

const named = (code: string) =>
  [...code.matchAll(/\bt\(\s*"([^"]+)"/g)].map((match) => match[1] ?? "");

/** Ids are written whole, or begin a template: `stage.${…}`. */
function isUsed(id: string, code: string): boolean {
  const beginnings = [...code.matchAll(/`([a-z]+\.)\$\{/g)].map((match) => match[1] ?? "");
  const variants = /^today\.(first|begin)-/;
  return (
    code.includes(`"${id}"`) ||
    beginnings.some((start) => id.startsWith(start)) ||
    variants.test(id)
  );
}

describe.each(features)("%s", (name) => {
  const own = withCatalogue(name) ? idsOf(`features/${name}/en.po`) : [];

  test("names only messages that it shares or brings along", () => {
    const known = new Set([...shared, ...own]);
    expect(named(codeOf(`features/${name}`)).filter((id) => !known.has(id))).toEqual([]);
  });

  test("brings no message along that it does not show", () => {
    const code = codeOf(`features/${name}`);
    expect(own.filter((id) => !isUsed(id, code))).toEqual([]);
  });
});

test("the first load names only shared messages, and every shared message is shown", () => {
  const first = [...named(codeOf("app")), ...named(codeOf("shared"))];
  expect(first.length).toBeGreaterThan(20);
  expect(first.filter((id) => !shared.includes(id))).toEqual([]);
  expect(shared.filter((id) => !isUsed(id, everything))).toEqual([]);
});
