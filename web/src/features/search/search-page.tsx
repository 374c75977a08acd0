import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { courseQuery, coursesQuery } from "@/shared/api/queries";
import { Icon } from "@/shared/ui/icons";
import { useTitle } from "@/shared/ui/title";
import { t } from "./messages";
import { Results } from "./results";

export function SearchPage() {
  const { q = "", course = "" } = useSearch({ from: "/in/shell/search" });
  const found = useQuery({ ...courseQuery(course), enabled: course !== "" });
  useTitle(q ? t("search.page-title", { q }) : t("search.title"));
  return (
    <main id="main" className="page narrow">
      {found.data ? (
        <Link
          to="/courses/$courseId"
          params={{ courseId: course }}
          className="btn btn-quiet btn-small -ms-3 mb-4 w-fit"
        >
          <Icon name="back" />
          {found.data.title}
        </Link>
      ) : null}
      <h1 className="mb-6">{t("search.title")}</h1>
      <SearchForm key={`${q} ${course}`} q={q} course={course} />
      <div className="mt-8">{course ? <Results course={course} q={q} /> : null}</div>
    </main>
  );
}

function SearchForm({ q, course }: { q: string; course: string }) {
  const navigate = useNavigate();
  const courses = useQuery(coursesQuery);
  return (
    <search>
      <form
        className="flex flex-wrap gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          // Until the courses are loaded there is nothing to choose from.
          const chosen = String(form.get("course") ?? course);
          const search = { q: String(form.get("q")).trim(), course: chosen };
          void navigate({ to: "/search", search });
        }}
      >
        <input
          name="q"
          type="search"
          className="input min-w-0 flex-[3_1_14rem]"
          defaultValue={q}
          placeholder={t("search.placeholder")}
          aria-label={t("search.title")}
          data-shortcut="search"
        />
        <select
          name="course"
          className="input min-w-0 flex-[1_1_10rem]"
          aria-label={t("search.course")}
          defaultValue={course}
          key={courses.data ? "courses" : "none"}
        >
          {courses.data?.map((item) => (
            <option key={item.id} value={item.id}>
              {item.title}
            </option>
          ))}
        </select>
        <button type="submit" className="btn btn-primary min-h-11">
          {t("search.submit")}
        </button>
      </form>
    </search>
  );
}
