import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { keys, notificationsQuery } from "@/shared/api/queries";
import { t } from "@/shared/i18n";
import { isStored, type Message, type StoredMessage } from "@/shared/realtime/messages";
import { throttled } from "@/shared/realtime/throttle";
import { show } from "@/shared/ui/toast";

/** Opens the live channel while somebody is signed in. Events change nothing, they only say what is stale. */
export function useLive() {
  const queries = useQueryClient();
  useEffect(() => {
    let close: (() => void) | undefined;
    let left = false;
    const stale = throttled((key: string) => {
      void queries.invalidateQueries({ queryKey: JSON.parse(key) as string[], exact: true });
    }, 1000);
    const begin = async () => {
      const known = await queries.ensureQueryData(notificationsQuery).catch(() => null);
      // Not needed for the first paint, so not part of the first load.
      const { openChannel } = await import("@/shared/realtime/socket");
      if (left) return;
      const since = known?.items[0]?.id ?? 0;
      close = openChannel({ since, onMessage: (message) => receive(message, queries, stale) });
    };
    // Without a network the channel's own code may not load: begin again once there is one.
    const start = () => {
      begin().catch(() => addEventListener("online", start, { once: true }));
    };
    start();
    return () => {
      left = true;
      removeEventListener("online", start);
      close?.();
    };
  }, [queries]);
}

type Stale = (key: string) => void;

function receive(message: Message, queries: QueryClient, stale: Stale) {
  if (message.type === "hello") return;
  if (message.type === "reset") {
    void queries.invalidateQueries();
    return;
  }
  const material = keys.material(message.material_id);
  if (isStored(message)) {
    void queries.invalidateQueries({ queryKey: keys.notifications });
    void queries.invalidateQueries({ queryKey: material });
    void queries.invalidateQueries({ queryKey: keys.materials(message.course_id) });
    announce(message);
  } else if (message.type === "notes.progress") {
    stale(JSON.stringify(keys.notes(message.material_id)));
  } else {
    stale(JSON.stringify(keys.materials(message.course_id)));
    stale(JSON.stringify(material));
  }
}

function announce(message: StoredMessage) {
  // That a book is searchable shows on its badge; only the notes and failures interrupt.
  if (message.type === "material.ready") return;
  const bad = message.type.endsWith(".failed");
  show({
    icon: bad ? "warning" : "check",
    title: message.type === "notes.ready" ? t("toast.notes-ready") : message.message,
    text: message.title,
    href:
      message.type === "material.failed"
        ? `/courses/${message.course_id}`
        : `/books/${message.material_id}/read`,
  });
}
