import { expect, test } from "vitest";
import { busiest, daysOf } from "../src/features/analytics/days";

const activity = {
  first: "2026-02-27",
  last: "2026-03-02",
  items: [
    { day: "2026-02-28", kind: "page.read", times: 3, people: 1 },
    { day: "2026-02-28", kind: "section.read", times: 2, people: 2 },
    { day: "2026-03-02", kind: "quiz.answered", times: 4, people: 1 },
    { day: "2026-03-02", kind: "notes.ready", times: 9, people: 1 },
  ],
};

test("each day has its place, the quiet ones too, and only reading and quizzes count", () => {
  const days = daysOf(activity);
  expect(days.at).toEqual([27, 28, 29, 30].map((day) => Date.UTC(2026, 1, day) / 1000));
  expect(days.reading).toEqual([0, 5, 0, 0]);
  expect(days.quizzes).toEqual([0, 0, 0, 4]);
});

test("the day with most of both is found", () => {
  expect(busiest(daysOf(activity))).toBe("2026-02-28T00:00:00.000Z");
});
