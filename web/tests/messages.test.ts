import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const src = new URL("../src/", import.meta.url);
const catalogue = readFileSync(new URL("shared/i18n/en.po", src), "utf8");
const ids = new Set([...catalogue.matchAll(/^msgid "(.+)"$/gm)].map((match) => match[1] ?? ""));

const sources = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path) && !path.endsWith("schema.d.ts"))
  .map((path) => readFileSync(new URL(path, src), "utf8"))
  .join("\n");

test("every message that the code names is in the catalogue", () => {
  const calls = [...sources.matchAll(/\bt\(\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
  expect(calls.length).toBeGreaterThan(50);
  expect(calls.filter((id) => !ids.has(id))).toEqual([]);
});

test("every message of the catalogue is named by the code, whole or by its beginning", () => {
  const beginnings = [...sources.matchAll(/`([a-z]+\.)\$\{/g)].map((match) => match[1] ?? "");
  const used = (id: string) =>
    sources.includes(`"${id}"`) ||
    beginnings.some((start) => id.startsWith(start)) ||
    /^today\.(first|begin)-/.test(id);
  expect([...ids].filter((id) => !used(id))).toEqual([]);
});
