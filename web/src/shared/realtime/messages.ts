import type { Notification } from "../api/types";

type NotificationType = "notes.ready" | "notes.failed" | "material.ready" | "material.failed";

export type StoredMessage = Omit<Notification, "read_at" | "type"> & { type: NotificationType };

export type Message =
  | StoredMessage
  | { type: "material.progress" | "notes.progress"; material_id: string; course_id: string }
  | { type: "reset"; id: number }
  | { type: "hello"; id: number };

export function parse(data: unknown): Message | null {
  try {
    const message: unknown = JSON.parse(String(data));
    return typeof message === "object" && message !== null && "type" in message
      ? (message as Message)
      : null;
  } catch {
    return null;
  }
}

export const isStored = (message: Message): message is StoredMessage =>
  "id" in message && "message" in message;
