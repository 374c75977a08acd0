import type { Activity } from "@/shared/api/types";

const reading = new Set(["page.read", "section.read"]);
const quizzes = new Set(["quiz.answered"]);
const dayMilliseconds = 86_400_000;

/** One entry for each day, the quiet ones too. */
export interface Days {
  /** Midnight in UTC, in seconds. */
  at: number[];
  reading: number[];
  quizzes: number[];
}

export function daysOf({ first, last, items }: Activity): Days {
  const from = Date.parse(first);
  const length = Math.round((Date.parse(last) - from) / dayMilliseconds) + 1;
  const at = Array.from({ length }, (_, day) => from + day * dayMilliseconds);
  const counted = (kinds: Set<string>) =>
    at.map((midnight) =>
      sum(
        items
          .filter(({ day, kind }) => kinds.has(kind) && Date.parse(day) === midnight)
          .map(({ times }) => times),
      ),
    );
  return {
    at: at.map((midnight) => midnight / 1000),
    reading: counted(reading),
    quizzes: counted(quizzes),
  };
}

export const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

/** The day with most of both, as ISO date. */
export function busiest({ at, reading, quizzes }: Days): string {
  const both = reading.map((times, day) => times + (quizzes[day] ?? 0));
  const index = both.indexOf(Math.max(...both));
  return new Date((at[index] ?? 0) * 1000).toISOString();
}
