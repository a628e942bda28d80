/** A socket to the hub without a network between: every word arrives a moment later. */
import type { PlatformSocket, SocketEvents } from "#kit/platform-socket.ts";
import type { HubClient, SocketHub } from "./socket-hub.ts";

/** Opens a socket with the ticket that stands in the address. */
export function localSocket(hub: SocketHub, url: string, events: SocketEvents): PlatformSocket {
  const ticket = new URL(url).searchParams.get("ticket") ?? "";
  let isOver = false;
  const end = (code: number): void => {
    if (isOver) return;
    isOver = true;
    hub.leave(client);
    events.closed(code);
  };
  const client: HubClient = {
    send: (text) => queueMicrotask(() => (isOver ? undefined : events.text(text))),
    ping: () => queueMicrotask(() => (isOver ? undefined : events.beat?.())),
    close: (code) => queueMicrotask(() => end(code)),
  };
  queueMicrotask(() => {
    if (isOver) return;
    events.open();
    if (!hub.join(ticket, client)) end(1008);
  });
  return { send: (text) => (isOver ? undefined : hub.hear(text)), close: end };
}
