import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo } from "react";
import { activityDays, activityQuery } from "@/shared/api/queries";
import type { Activity, Course } from "@/shared/api/types";
import { day } from "@/shared/i18n";
import { Loaded } from "@/shared/ui/loaded";
import { busiest, daysOf, sum } from "./days";
import { t } from "./messages";

const Chart = lazy(() => import("./chart"));

export function CourseActivity({ course }: { course: Course }) {
  const activity = useQuery(activityQuery(course.id));
  return (
    <section className="grid gap-5" aria-labelledby="activity">
      <div className="grid gap-1">
        <h2 id="activity">{t("activity.title")}</h2>
        <p className="max-w-2xl text-sm text-muted">{t("activity.about")}</p>
      </div>
      <Loaded query={activity}>{(found) => <Shown activity={found} />}</Loaded>
    </section>
  );
}

function Shown({ activity }: { activity: Activity }) {
  const days = useMemo(() => daysOf(activity), [activity]);
  const [reading, quizzes] = [sum(days.reading), sum(days.quizzes)];
  return (
    <>
      {reading + quizzes > 0 ? (
        <figure className="card grid gap-4 p-5" aria-label={t("activity.chart")}>
          <figcaption>
            {t("activity.summary", {
              days: activityDays,
              reading,
              quizzes,
              when: day(busiest(days)),
            })}
          </figcaption>
          <Suspense fallback={<div className="chart" aria-busy="true" />}>
            <Chart days={days} />
          </Suspense>
        </figure>
      ) : (
        <p className="card p-5">{t("activity.empty", { days: activityDays })}</p>
      )}
      {activity.items.length ? <Table activity={activity} /> : null}
    </>
  );
}

function Table({ activity }: { activity: Activity }) {
  return (
    <details>
      <summary className="btn btn-small w-fit">{t("activity.table")}</summary>
      <div className="mt-3 card overflow-x-auto p-3">
        <table className="w-full text-sm">
          <thead>
            <tr>
              {["day", "what", "times", "people"].map((column) => (
                <th key={column} scope="col" className="p-2 text-start">
                  {t(`activity.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {activity.items.map((row) => (
              <tr key={`${row.day} ${row.kind}`} className="border-t border-line">
                <th scope="row" className="p-2 text-start font-normal">
                  {row.day}
                </th>
                <td className="p-2">{t(`kind.${row.kind}`)}</td>
                <td className="p-2 tabular-nums">{row.times}</td>
                <td className="p-2 tabular-nums">{row.people}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
