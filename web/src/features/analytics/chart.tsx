import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { theme } from "@/shared/ui/theme";
import type { Days } from "./days";
import { t } from "./messages";

const height = 260;
/** In seconds: so much room before and after a bar. */
const halfDay = 43_200;

/** A canvas, which screen readers skip: the sentence above and the table below say the same. */
export default function Chart({ days }: { days: Days }) {
  const box = useRef<HTMLDivElement>(null);
  const chosen = theme.use();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a canvas is painted anew for a theme
  useEffect(() => {
    const inside = box.current;
    if (!inside) return;
    const paint = () => draw(inside, days);
    let plot = paint();
    const resized = new ResizeObserver(() => plot.setSize({ width: inside.clientWidth, height }));
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const repaint = () => {
      plot.destroy();
      plot = paint();
    };
    resized.observe(inside);
    dark.addEventListener("change", repaint);
    return () => {
      resized.disconnect();
      dark.removeEventListener("change", repaint);
      plot.destroy();
    };
  }, [days, chosen]);
  return <div ref={box} className="chart" aria-hidden="true" />;
}

/** The colour that a token has here: a canvas knows no variables. */
function colour(inside: HTMLElement, token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  inside.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function draw(inside: HTMLElement, { at, reading, quizzes }: Days): uPlot {
  const [fg, line, accent, warn] = ["--muted", "--line", "--accent", "--warn"].map((token) =>
    colour(inside, token),
  ) as [string, string, string, string];
  const axis = { stroke: fg, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const bars = uPlot.paths.bars?.({ size: [0.6, 40] });
  const answered = quizzes.some((times) => times > 0);
  return new uPlot(
    {
      width: inside.clientWidth,
      height,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      cursor: { drag: { x: false, y: false } },
      legend: { live: false },
      // From nothing on: else the smallest day would look like nothing.
      scales: {
        x: { range: (_, first, last) => [first - halfDay, last + halfDay] },
        y: { range: (_, __, most) => [0, Math.max(4, Math.ceil(most * 1.1))] },
      },
      axes: [
        { ...axis, grid: { show: false } },
        { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 500] },
      ],
      series: [
        {},
        {
          label: t("activity.reading"),
          fill: accent,
          stroke: accent,
          width: 0,
          points: { show: false },
          ...(bars && { paths: bars }),
        },
        ...(answered
          ? [{ label: t("activity.quizzes"), stroke: warn, width: 2, points: { show: true } }]
          : []),
      ],
    },
    answered ? [at, reading, quizzes] : [at, reading],
    inside,
  );
}
