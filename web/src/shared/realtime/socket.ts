import ReconnectingWebSocket from "partysocket/ws";
import { api, ok } from "../api/client";
import { isStored, type Message, parse } from "./messages";

interface Options {
  /** The newest notification that is already known; everything after it is sent again. */
  since: number;
  onMessage: (message: Message) => void;
}

/** The person's live channel. A new ticket for every connection, resumed after the last id seen. */
export function openChannel({ since, onMessage }: Options): () => void {
  let last = since;
  const address = async () => {
    const { ticket } = await ok(api.POST("/v1/realtime/ticket"));
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    return `${scheme}://${location.host}/v1/ws?ticket=${encodeURIComponent(ticket)}&since=${last}`;
  };
  const socket = new ReconnectingWebSocket(address, [], {
    minReconnectionDelay: 500 + Math.random() * 1000,
    maxReconnectionDelay: 30_000,
  });
  socket.addEventListener("message", (event) => {
    const message = parse(event.data);
    if (!message) return;
    if (isStored(message)) {
      if (message.id <= last) return;
      last = message.id;
    }
    if (message.type === "reset") last = message.id;
    onMessage(message);
  });
  return () => socket.close();
}
