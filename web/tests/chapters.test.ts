import { expect, test } from "vitest";
import { withChapters } from "@/features/reader/chapters";
import type { NotesSection } from "@/shared/api/types";

const section = (...path: string[]) => ({ path }) as unknown as NotesSection;
const above = (...sections: NotesSection[]) =>
  withChapters(sections).map((entry) => entry.above.map((each) => `${each.level} ${each.title}`));

test("a chapter without notes of its own stands above its first section, once", () => {
  expect(above(section("1"), section("2", "2.1"), section("2", "2.3"))).toEqual([[], ["0 2"], []]);
});

test("a chapter with notes of its own is not repeated", () => {
  expect(above(section("1"), section("1", "1.1"), section("1", "1.1", "1.1.1"))).toEqual([
    [],
    [],
    [],
  ]);
});

test("several missing levels come in order, and a new chapter opens its levels anew", () => {
  expect(above(section("1", "A", "x"), section("2", "A", "y"))).toEqual([
    ["0 1", "1 A"],
    ["0 2", "1 A"],
  ]);
});
