import { i18n, type Messages } from "@lingui/core";
import { messages } from "./en.po";

i18n.load("en", messages);
i18n.activate("en");

/** A feature brings its own wording along, so that the first load carries only what it shows. */
export function speak(locale: string, messages: Messages) {
  i18n.load(locale, messages);
}

/** The wording of `id`. `tests/messages.test.ts` keeps code and catalogues complete. */
export function t(id: string, values?: Record<string, unknown>): string {
  return i18n._(id, values);
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export function ago(iso: string, now = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  if (Math.abs(seconds) > 7 * 86_400) return day(iso);
  const format = new Intl.RelativeTimeFormat(i18n.locale, { numeric: "auto" });
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return t("time.now");
}

export function day(iso: string): string {
  return new Intl.DateTimeFormat(i18n.locale, { dateStyle: "medium" }).format(new Date(iso));
}

export function size(bytes: number): string {
  const mega = bytes / 1_000_000;
  const format = new Intl.NumberFormat(i18n.locale, {
    style: "unit",
    unit: mega < 1 ? "kilobyte" : "megabyte",
    maximumFractionDigits: mega < 10 && mega >= 1 ? 1 : 0,
  });
  return format.format(mega < 1 ? bytes / 1000 : mega);
}
