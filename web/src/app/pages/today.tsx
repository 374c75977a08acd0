import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useAccount } from "@/features/identity/sign-in";
import { BookRow } from "@/features/library/book-row";
import { Spine } from "@/features/library/spine";
import { coursesQuery, materialsQuery } from "@/shared/api/queries";
import type { Course } from "@/shared/api/types";
import { ago, t } from "@/shared/i18n";
import { type Place, places } from "@/shared/reading/places";
import { Loaded } from "@/shared/ui/loaded";
import { Plate } from "@/shared/ui/plate";
import { useTitle } from "@/shared/ui/title";

const askedCourses = 12;

export function TodayPage() {
  useTitle(t("nav.today"));
  const account = useAccount();
  const courses = useQuery(coursesQuery);
  const reading = places.use().filter((place) => place.account === account?.id);
  return (
    <main id="main" className="page narrow">
      <h1 className="mb-8">{t(greeting(), { name: account?.name.split(" ")[0] })}</h1>
      <Loaded query={courses}>
        {(items) => (
          <div className="grid gap-10">
            <InProcessing courses={items} />
            {reading.length ? (
              <Reading reading={reading} />
            ) : (
              <Begin hasCourses={items.length > 0} />
            )}
          </div>
        )}
      </Loaded>
    </main>
  );
}

function greeting(): string {
  const hour = new Date().getHours();
  if (hour < 5 || hour >= 18) return "today.evening";
  return hour < 12 ? "today.morning" : "today.afternoon";
}

function InProcessing({ courses }: { courses: Course[] }) {
  const lists = useQueries({
    queries: courses.slice(0, askedCourses).map((course) => materialsQuery(course.id)),
  });
  const busy = lists.flatMap((list) => list.data ?? []).filter((m) => m.status === "processing");
  if (!busy.length) return null;
  return (
    <section aria-labelledby="processing">
      <h2 id="processing" className="mb-3">
        {t("today.processing")}
      </h2>
      <ul className="card">
        {busy.map((material) => (
          <BookRow key={material.id} material={material} mayChange={false} />
        ))}
      </ul>
    </section>
  );
}

function Reading({ reading }: { reading: Place[] }) {
  return (
    <section aria-labelledby="reading">
      <h2 id="reading" className="mb-3">
        {t("today.reading")}
      </h2>
      <ul className="card">
        {reading.slice(0, 6).map((place) => (
          <li key={place.book} className="book items-center!">
            <Spine of={place.book} />
            <div className="grid gap-1 min-w-0">
              <Link className="title" to="/books/$bookId/read" params={{ bookId: place.book }}>
                {place.title}
              </Link>
              <span className="meta">
                {t("today.place", { label: place.label })} · {ago(place.at)}
              </span>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Begin({ hasCourses }: { hasCourses: boolean }) {
  const id = hasCourses ? "today.begin" : "today.first";
  return (
    <Plate title={t(id)} text={t(`${id}-text`)}>
      <Link to="/courses" className="btn btn-primary">
        {t(`${id}-action`)}
      </Link>
    </Plate>
  );
}
