import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { coursesQuery } from "@/shared/api/queries";
import type { Course } from "@/shared/api/types";
import { day } from "@/shared/i18n";
import { Icon } from "@/shared/ui/icons";
import { Loaded } from "@/shared/ui/loaded";
import { Plate } from "@/shared/ui/plate";
import { useTitle } from "@/shared/ui/title";
import { useCreateCourse } from "./changes";
import { CourseForm } from "./course-form";
import { CourseMenu } from "./course-menu";
import { t } from "./messages";

export function CoursesPage() {
  useTitle(t("courses.title"));
  const courses = useQuery(coursesQuery);
  const [creating, setCreating] = useState(false);
  const create = () => setCreating(true);
  return (
    <main id="main" className="page">
      <header className="mb-8 flex flex-wrap items-center justify-between gap-4">
        <h1>{t("courses.title")}</h1>
        {courses.data?.length ? (
          <button type="button" className="btn btn-primary" onClick={create}>
            <Icon name="plus" />
            {t("courses.new")}
          </button>
        ) : null}
      </header>
      <Loaded query={courses} skeleton={<CardSkeletons />}>
        {(items) =>
          items.length ? <CourseGrid courses={items} /> : <NoCourses onCreate={create} />
        }
      </Loaded>
      {creating ? <CreateCourse onClose={() => setCreating(false)} /> : null}
    </main>
  );
}

function NoCourses({ onCreate }: { onCreate: () => void }) {
  return (
    <Plate title={t("courses.empty")} text={t("courses.empty-text")}>
      <button type="button" className="btn btn-primary" onClick={onCreate}>
        <Icon name="plus" />
        {t("courses.new")}
      </button>
    </Plate>
  );
}

function CourseGrid({ courses }: { courses: Course[] }) {
  return (
    <ul className="course-grid">
      {courses.map((course) => (
        <li key={course.id} className="card course-card">
          <div className="grid content-start gap-2">
            <h2 className="pe-9 text-lg">
              <Link to="/courses/$courseId" params={{ courseId: course.id }}>
                {course.title}
              </Link>
            </h2>
            {course.description ? (
              <p className="line-clamp-2 text-sm text-muted">{course.description}</p>
            ) : null}
          </div>
          <div className="meta">
            <span className="badge">{t(`role.${course.role}`)}</span>
            <span>{t("course.changed", { when: day(course.updated_at) })}</span>
          </div>
          {course.role === "teacher" ? (
            <div className="corner">
              <CourseMenu course={course} />
            </div>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

function CreateCourse({ onClose }: { onClose: () => void }) {
  const create = useCreateCourse();
  const navigate = useNavigate();
  return (
    <CourseForm
      title={t("courses.new")}
      action={t("courses.create")}
      busy={create.isPending}
      error={create.error}
      onClose={onClose}
      onSave={(text) =>
        create.mutate(text, {
          onSuccess: (course) =>
            navigate({ to: "/courses/$courseId", params: { courseId: course.id } }),
        })
      }
    />
  );
}

function CardSkeletons() {
  return (
    <div className="course-grid" aria-hidden="true">
      {["a", "b", "c"].map((key) => (
        <div key={key} className="skeleton h-42 rounded-2xl" />
      ))}
    </div>
  );
}
