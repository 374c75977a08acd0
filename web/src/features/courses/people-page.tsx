import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { courseQuery, peopleQuery } from "@/shared/api/queries";
import type { Course, Enrolment } from "@/shared/api/types";
import { day } from "@/shared/i18n";
import { Icon } from "@/shared/ui/icons";
import { Loaded } from "@/shared/ui/loaded";
import { ProblemNote } from "@/shared/ui/problem";
import { useTitle } from "@/shared/ui/title";
import { useInvite } from "./changes";
import { CourseHeader } from "./course-header";
import { t } from "./messages";

export function PeoplePage() {
  const { courseId } = useParams({ from: "/in/shell/teach/courses/$courseId/people" });
  const course = useQuery(courseQuery(courseId));
  const people = useQuery(peopleQuery(courseId));
  useTitle(course.data ? t("people.page-title", { title: course.data.title }) : undefined);
  return (
    <main id="main" className="page">
      <Loaded query={course}>
        {(found) => (
          <>
            <CourseHeader course={found} />
            <div className="grid items-start gap-8 lg:grid-cols-[minmax(0,1fr)_22rem]">
              <section aria-labelledby="people">
                <h2 id="people" className="mb-3">
                  {t("course.people")}
                </h2>
                <Loaded query={people}>{(items) => <People items={items} />}</Loaded>
              </section>
              <Invite course={found} />
            </div>
          </>
        )}
      </Loaded>
    </main>
  );
}

function People({ items }: { items: Enrolment[] }) {
  return (
    <ul className="card">
      {items.map((person) => (
        <li
          key={person.account_id}
          className="flex flex-wrap items-center gap-x-4 gap-y-1 px-5 py-4 not-first:border-t border-line"
        >
          <span className="min-w-0 flex-1 font-semibold wrap-anywhere">{person.name}</span>
          <span className="badge">{t(`role.${person.role}`)}</span>
          <span className="meta">{t("people.since", { when: day(person.enrolled_at) })}</span>
        </li>
      ))}
    </ul>
  );
}

function Invite({ course }: { course: Course }) {
  const invite = useInvite(course.id);
  return (
    <section className="card grid gap-4 p-5" aria-labelledby="invite">
      <h2 id="invite" className="text-lg">
        {t("invite.title")}
      </h2>
      <p className="text-sm text-muted">{t("invite.text")}</p>
      {invite.isError ? <ProblemNote error={invite.error} /> : null}
      {invite.data ? <Code code={invite.data.code} until={invite.data.expires_at} /> : null}
      <button
        type="button"
        className={`btn ${invite.data ? "" : "btn-primary"}`}
        disabled={invite.isPending}
        onClick={() => invite.mutate()}
      >
        {t(invite.data ? "invite.another" : "invite.create")}
      </button>
    </section>
  );
}

function Code({ code, until }: { code: string; until: string }) {
  const [copied, setCopied] = useState(false);
  const link = `${location.origin}/join/${code}`;
  const copy = async () => {
    await navigator.clipboard.writeText(link);
    setCopied(true);
  };
  return (
    <div className="grid gap-2">
      <div className="field">
        <label htmlFor="invite-link">{t("invite.link")}</label>
        <div className="flex gap-2">
          <input id="invite-link" className="input font-mono text-sm!" readOnly value={link} />
          <button
            type="button"
            className="btn btn-icon h-11"
            aria-label={t("invite.copy")}
            title={t("invite.copy")}
            onClick={() => void copy()}
          >
            <Icon name={copied ? "check" : "copy"} />
          </button>
        </div>
      </div>
      <p className="text-xs text-muted" role="status">
        {copied ? t("invite.copied") : t("invite.until", { code, when: day(until) })}
      </p>
    </div>
  );
}
