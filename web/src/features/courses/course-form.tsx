import { ApiProblem } from "@/shared/api/problem";
import type { Course } from "@/shared/api/types";
import { Dialog } from "@/shared/ui/dialog";
import { Field } from "@/shared/ui/field";
import { ProblemNote } from "@/shared/ui/problem";
import { t } from "./messages";

interface Props {
  title: string;
  action: string;
  course?: Course;
  busy: boolean;
  error: unknown;
  onSave: (text: { title: string; description: string }) => void;
  onClose: () => void;
}

export function CourseForm({ title, action, course, busy, error, onSave, onClose }: Props) {
  const problem = error instanceof ApiProblem ? error : null;
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          onSave({
            title: String(form.get("title")).trim(),
            description: String(form.get("description")).trim(),
          });
        }}
      >
        {error ? <ProblemNote error={error} /> : null}
        <Field
          label={t("course.title")}
          name="title"
          required
          maxLength={200}
          defaultValue={course?.title}
          placeholder={t("course.title-example")}
          error={problem?.field("title")}
        />
        <Field
          label={t("course.description")}
          name="description"
          maxLength={2000}
          defaultValue={course?.description}
          hint={t("course.description-hint")}
          error={problem?.field("description")}
        />
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {t("action.cancel")}
          </button>
          <button type="submit" className="btn btn-primary" disabled={busy}>
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
