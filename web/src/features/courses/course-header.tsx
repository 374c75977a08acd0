import { Link, useNavigate } from "@tanstack/react-router";
import type { Course } from "@/shared/api/types";
import { Icon } from "@/shared/ui/icons";
import { CourseMenu } from "./course-menu";
import { t } from "./messages";

export function CourseHeader({ course }: { course: Course }) {
  const navigate = useNavigate();
  const teaches = course.role === "teacher";
  return (
    <header className="mb-8 grid gap-4">
      <Link to="/courses" className="btn btn-quiet btn-small -ms-3 w-fit">
        <Icon name="back" />
        {t("courses.title")}
      </Link>
      <div className="flex items-start justify-between gap-3">
        <div className="grid gap-2 min-w-0">
          <h1 className="wrap-anywhere">{course.title}</h1>
          {course.description ? <p className="max-w-2xl text-muted">{course.description}</p> : null}
        </div>
        {teaches ? (
          <CourseMenu course={course} onDeleted={() => void navigate({ to: "/courses" })} />
        ) : null}
      </div>
      <div className="course-bar">
        {teaches ? (
          <nav className="tabs" aria-label={t("course.parts")}>
            <Link
              to="/courses/$courseId"
              params={{ courseId: course.id }}
              activeOptions={{ exact: true }}
            >
              {t("course.materials")}
            </Link>
            <Link to="/teach/courses/$courseId/people" params={{ courseId: course.id }}>
              {t("course.people")}
            </Link>
            <Link to="/teach/courses/$courseId/activity" params={{ courseId: course.id }}>
              {t("course.activity")}
            </Link>
          </nav>
        ) : null}
        <CourseSearch course={course} />
      </div>
    </header>
  );
}

function CourseSearch({ course }: { course: Course }) {
  const navigate = useNavigate();
  return (
    <search>
      <form
        className="relative"
        onSubmit={(event) => {
          event.preventDefault();
          const q = String(new FormData(event.currentTarget).get("q")).trim();
          if (q) void navigate({ to: "/search", search: { q, course: course.id } });
        }}
      >
        <Icon name="search" className="icon absolute inset-s-3.5 top-3 text-muted" />
        <input
          name="q"
          type="search"
          className="input ps-11!"
          placeholder={t("search.placeholder")}
          aria-label={t("search.label", { title: course.title })}
          data-shortcut="search"
        />
      </form>
    </search>
  );
}
