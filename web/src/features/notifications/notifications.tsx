import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ok } from "@/shared/api/client";
import { keys, notificationsQuery } from "@/shared/api/queries";
import type { Notification } from "@/shared/api/types";
import { ago, t } from "@/shared/i18n";
import { Icon } from "@/shared/ui/icons";
import { Loaded } from "@/shared/ui/loaded";
import { Menu } from "@/shared/ui/menu";

export const failed = (type: Notification["type"]) => type.endsWith(".failed");

export function NotificationMenu() {
  const list = useQuery(notificationsQuery);
  const queries = useQueryClient();
  const read = useMutation({
    mutationFn: (up_to: number) => ok(api.POST("/v1/notifications/read", { body: { up_to } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.notifications }),
  });
  const unread = list.data?.unread ?? 0;
  const newest = list.data?.items[0]?.id;
  return (
    <Menu
      icon="bell"
      label={unread ? t("notices.label-unread", { n: unread }) : t("notices.label")}
      className="btn btn-quiet btn-icon relative"
      panelClass="notices"
      badge={unread ? <span className="dot">{unread > 9 ? "9+" : unread}</span> : null}
      onOpen={() => {
        if (unread && newest) read.mutate(newest);
      }}
    >
      <h2 className="px-4 py-3 text-md">{t("notices.label")}</h2>
      <Loaded query={list}>
        {({ items }) =>
          items.length ? (
            items.map((item) => <Notice key={item.id} item={item} />)
          ) : (
            <p className="border-t border-line px-4 py-6 text-sm text-muted">
              {t("notices.empty")}
            </p>
          )
        }
      </Loaded>
    </Menu>
  );
}

function Notice({ item }: { item: Notification }) {
  const body = (
    <>
      <Icon
        name={failed(item.type) ? "warning" : "check"}
        className={`icon mt-0.5 ${failed(item.type) ? "text-danger" : "text-accent"}`}
      />
      <span className="grid gap-0.5">
        <span className={item.read_at ? "" : "font-semibold"}>{item.message}</span>
        <span className="text-xs text-muted wrap-anywhere">
          {item.title} · {ago(item.created_at)}
        </span>
      </span>
    </>
  );
  return item.type === "material.failed" ? (
    <Link className="notice" to="/courses/$courseId" params={{ courseId: item.course_id }}>
      {body}
    </Link>
  ) : (
    <Link className="notice" to="/books/$bookId/read" params={{ bookId: item.material_id }}>
      {body}
    </Link>
  );
}
