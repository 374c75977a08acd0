import { useState } from "react";
import type { Course } from "@/shared/api/types";
import { Confirm } from "@/shared/ui/confirm";
import { Icon } from "@/shared/ui/icons";
import { Menu } from "@/shared/ui/menu";
import { useChangeCourse, useDeleteCourse } from "./changes";
import { CourseForm } from "./course-form";
import { t } from "./messages";

export function CourseMenu({ course, onDeleted }: { course: Course; onDeleted?: () => void }) {
  const [open, setOpen] = useState<"edit" | "delete" | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <Menu label={t("course.menu", { title: course.title })}>
        <button type="button" onClick={() => setOpen("edit")}>
          <Icon name="pencil" />
          {t("course.rename")}
        </button>
        <button type="button" data-tone="danger" onClick={() => setOpen("delete")}>
          <Icon name="trash" />
          {t("course.delete")}
        </button>
      </Menu>
      {open === "edit" ? <EditCourse course={course} onClose={close} /> : null}
      {open === "delete" ? (
        <DeleteCourse course={course} onClose={close} onDeleted={onDeleted ?? close} />
      ) : null}
    </>
  );
}

function EditCourse({ course, onClose }: { course: Course; onClose: () => void }) {
  const change = useChangeCourse(course.id);
  return (
    <CourseForm
      title={t("course.rename")}
      action={t("action.save")}
      course={course}
      busy={change.isPending}
      error={change.error}
      onSave={(text) => change.mutate(text, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
}

interface DeleteProps {
  course: Course;
  onClose: () => void;
  onDeleted: () => void;
}

function DeleteCourse({ course, onClose, onDeleted }: DeleteProps) {
  const remove = useDeleteCourse(course.id);
  return (
    <Confirm
      title={t("course.delete-title", { title: course.title })}
      text={t("course.delete-text")}
      action={t("course.delete")}
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate(undefined, { onSuccess: onDeleted })}
      onClose={onClose}
    />
  );
}
