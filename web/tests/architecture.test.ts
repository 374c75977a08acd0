import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const src = new URL("../src/", import.meta.url);

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.(tsx?|css)$/.test(path) && !path.endsWith("schema.d.ts"))
  .map((path) => ({ path, text: readFileSync(new URL(path, src), "utf8") }));

const importsOf = (text: string) =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] ?? "");

/** The layer and, for features, which one. */
function homeOf(path: string): string {
  const [layer = "", name = ""] = path.split("/");
  return layer === "features" ? `features/${name}` : layer;
}

function targetOf(from: string, wanted: string): string | null {
  if (wanted.startsWith("@/")) return homeOf(wanted.slice(2));
  if (!wanted.startsWith(".")) return null;
  return homeOf(new URL(wanted, `file:///${from}`).pathname.slice(1));
}

describe.each(files)("$path", ({ path, text }) => {
  test("imports only what lies below it", () => {
    const home = homeOf(path);
    const allowed = (target: string | null) =>
      target === null ||
      target === home ||
      target === "shared" ||
      !(home === "shared" || home.startsWith("features/"));
    const foreign = importsOf(text).filter((wanted) => !allowed(targetOf(path, wanted)));
    expect(foreign).toEqual([]);
  });

  test("has at most 400 lines", () => {
    expect(text.split("\n").length).toBeLessThanOrEqual(401);
  });
});
