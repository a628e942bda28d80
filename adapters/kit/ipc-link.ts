/** The real link: a `Connection` of `src/ipc` as the kit's port. */
import type { Payload } from "#contracts/frame.ts";
import type { Connection } from "#ipc/connection.ts";
import type { GatewayLink } from "./link.ts";

/** How long the gateway may take to answer an adapter's question. */
const CALL_MS_MAX = 30_000;

/** Wraps a connection whose handshake has passed and that nobody listens to yet. */
export function ipcLink(connection: Connection): GatewayLink {
  let read: (payload: Payload) => void = () => undefined;
  let listening = false;
  const { promise: closed, resolve: ended } = Promise.withResolvers<void>();
  return {
    send: (payload) => {
      const sent = connection.send(payload);
      if (sent.ok) return "sent";
      return sent.error.code === "usage" ? "unfit" : "closed";
    },
    onPayload: (reader) => {
      read = reader;
      if (listening) return;
      listening = true;
      connection.listen({ onPayload: (payload) => read(payload), onClose: () => ended() });
    },
    call: (method, body) => connection.call(method, body, CALL_MS_MAX),
    closed,
    close: () => connection.close(),
  };
}
