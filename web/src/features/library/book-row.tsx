import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { notesStateQuery } from "@/shared/api/queries";
import type { Material } from "@/shared/api/types";
import { ago, size } from "@/shared/i18n";
import { Confirm } from "@/shared/ui/confirm";
import { Icon } from "@/shared/ui/icons";
import { Menu } from "@/shared/ui/menu";
import { ProblemNote } from "@/shared/ui/problem";
import { useCancel, useRemove, useRetry } from "./changes";
import { t } from "./messages";
import { ReceiptDetails } from "./receipt";
import { Spine } from "./spine";
import { canOpen, type Stage, stageOf } from "./stage";

export function BookRow({ material, mayChange }: { material: Material; mayChange: boolean }) {
  const notes = useQuery({ ...notesStateQuery(material.id), enabled: material.status === "ready" });
  const stage = stageOf(material, notes.data);
  return (
    <li className="book" data-status={material.status}>
      <Spine of={material.id} />
      <div className="grid gap-2 min-w-0">
        <BookTitle material={material} />
        <div className="meta">
          <StageBadge stage={stage} />
          {material.receipt ? (
            <span>{t("book.pages", { n: material.receipt.total })}</span>
          ) : (
            <span>{size(material.bytes)}</span>
          )}
          <span>{t("book.added", { when: ago(material.created_at) })}</span>
        </div>
        {stage.progress ? (
          <progress
            className="bar max-w-sm"
            aria-label={stage.label}
            value={stage.progress.done}
            max={stage.progress.total}
          />
        ) : null}
        {material.problem ? (
          <p className="callout" data-tone="danger">
            {material.problem}
          </p>
        ) : null}
        {material.receipt ? <ReceiptDetails receipt={material.receipt} /> : null}
      </div>
      {mayChange ? <BookMenu material={material} /> : null}
    </li>
  );
}

function BookTitle({ material }: { material: Material }) {
  if (!canOpen(material)) return <span className="title">{material.title}</span>;
  return (
    <Link className="title" to="/books/$bookId/read" params={{ bookId: material.id }}>
      {material.title}
    </Link>
  );
}

export function StageBadge({ stage }: { stage: Stage }) {
  return (
    <span className="badge" data-tone={stage.tone}>
      {stage.label}
    </span>
  );
}

function BookMenu({ material }: { material: Material }) {
  const cancel = useCancel(material);
  const retry = useRetry(material);
  const [removing, setRemoving] = useState(false);
  const problem = cancel.error ?? retry.error;
  return (
    <div className="flex gap-1">
      {material.status === "failed" || material.status === "cancelled" ? (
        <button
          type="button"
          className="btn btn-small"
          disabled={retry.isPending}
          onClick={() => retry.mutate()}
        >
          <Icon name="retry" />
          {t("book.retry")}
        </button>
      ) : null}
      <Menu label={t("book.menu", { title: material.title })}>
        {material.status === "processing" ? (
          <button type="button" onClick={() => cancel.mutate()}>
            <Icon name="close" />
            {t("book.cancel")}
          </button>
        ) : null}
        <button type="button" data-tone="danger" onClick={() => setRemoving(true)}>
          <Icon name="trash" />
          {t("book.delete")}
        </button>
      </Menu>
      {problem ? <ProblemNote error={problem} /> : null}
      {removing ? <RemoveBook material={material} onClose={() => setRemoving(false)} /> : null}
    </div>
  );
}

function RemoveBook({ material, onClose }: { material: Material; onClose: () => void }) {
  const remove = useRemove(material);
  return (
    <Confirm
      title={t("book.delete-title", { title: material.title })}
      text={t("book.delete-text")}
      action={t("book.delete")}
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
}
