import { type RefObject, useEffect } from "react";
import { stored } from "@/shared/ui/stored";
import { t } from "./messages";

const share = stored("studium.split", 52);
const least = 25;
const most = 75;
const clamp = (value: number) => Math.min(most, Math.max(least, Math.round(value)));

/** Divides PDF and notes: by pointer, arrow keys, Home and End (WAI-ARIA window splitter). */
export function Splitter({ frame }: { frame: RefObject<HTMLElement | null> }) {
  const value = share.use();
  useEffect(() => frame.current?.style.setProperty("--split", `${value}fr`), [frame, value]);
  useEffect(() => frame.current?.style.setProperty("--rest", `${100 - value}fr`), [frame, value]);

  const drag = (event: React.PointerEvent<HTMLElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const row = event.currentTarget.parentElement;
    const first = event.currentTarget.previousElementSibling?.getBoundingClientRect();
    const last = row?.getBoundingClientRect();
    if (!first || !last) return;
    const rtl = getComputedStyle(event.currentTarget).direction === "rtl";
    const from = rtl ? first.right : first.left;
    const whole = rtl ? from - last.left : last.right - from;
    share.set(clamp((100 * Math.abs(event.clientX - from)) / whole));
  };

  const steps: Record<string, number> = {
    ArrowLeft: value - 4,
    ArrowRight: value + 4,
    Home: least,
    End: most,
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a focusable separator is a splitter, <hr> is none
    <div
      className="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label={t("reader.splitter")}
      aria-valuenow={value}
      aria-valuemin={least}
      aria-valuemax={most}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onDoubleClick={() => share.set(52)}
      onKeyDown={(event) => {
        const next = steps[event.key];
        if (next === undefined) return;
        event.preventDefault();
        share.set(clamp(next));
      }}
    />
  );
}
