/**
 * An adapter's WebSocket over the proxy and the certificates that it was handed, as a parameter. Text frames only; what
 * is larger than any event ends the connection.
 */
import type { AdapterHandoff } from "./handoff.ts";
import { certificatesIn, isLoopbackHost, withSystems } from "./platform-fetch.ts";

/** Longest text frame that is read, in UTF-16 units. */
const TEXT_UNITS_MAX = 4 * 1_048_576;
const TOO_LARGE = 1009;
/** What a connection that ended without a word counts as (RFC 6455, 7.1.5). */
const ABNORMAL = 1006;

export interface SocketEvents {
  open(): void;
  text(text: string): void;
  /** The other side sent a ping, which the runtime answers by itself: it lives. */
  beat?(): void;
  /** The connection is gone, once; `code` as the other side gave it, 1006 where it gave none. */
  closed(code: number): void;
}

export interface PlatformSocket {
  /** Sends a text frame; nothing happens once the connection is gone. */
  send(text: string): void;
  close(code: number): void;
}

/** Opens a WebSocket. It always ends in one `closed`, also when no connection comes about. */
export type OpenSocket = (url: string, events: SocketEvents) => PlatformSocket;

/** The runtime's WebSocket over what the hand-off names. */
export function platformSocket(handoff: Pick<AdapterHandoff, "setting">): OpenSocket {
  const proxy = handoff.setting("proxy") ?? "";
  const own = certificatesIn(handoff.setting("authorities") ?? "");
  return (url, events) => {
    const { protocol, hostname } = new URL(url);
    const through = proxy === "" || isLoopbackHost(hostname) ? {} : { proxy };
    const late = lateSocket(events);
    if (own.length === 0 || protocol !== "wss:") late.begin(url, through);
    else void withSystems(own).then((ca) => late.begin(url, { ...through, tls: { ca: [...ca] } }));
    return late.socket;
  };
}

interface LateSocket {
  readonly socket: PlatformSocket;
  begin(url: string, options: Bun.WebSocketOptions): void;
}

/** A socket that may be closed before it began. */
function lateSocket(events: SocketEvents): LateSocket {
  let under: WebSocket | undefined;
  let isOver = false;
  const end = (code: number): void => {
    if (isOver) return;
    isOver = true;
    events.closed(code);
  };
  const begin = (url: string, options: Bun.WebSocketOptions): void => {
    if (isOver) return;
    const socket = socketOf(url, options);
    under = socket;
    socket.onopen = () => events.open();
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      if (isOver) return;
      if (typeof data === "string" && data.length <= TEXT_UNITS_MAX) events.text(data);
      else socket.close(TOO_LARGE);
    };
    socket.addEventListener("ping", () => {
      if (!isOver) events.beat?.();
    });
    socket.onclose = ({ code }) => end(code);
    socket.onerror = () => end(ABNORMAL); // its text would hold the address; a close may follow and changes nothing
  };
  const socket: PlatformSocket = {
    send: (text) => {
      if (!isOver && under?.readyState === WebSocket.OPEN) under.send(text);
    },
    close: (code) => {
      under?.close(code);
      end(code);
    },
  };
  return { socket, begin };
}

/** The DOM's type of `WebSocket` knows no options; the runtime's constructor does. */
function socketOf(url: string, options: Bun.WebSocketOptions): WebSocket {
  const made: unknown = Reflect.construct(WebSocket, [url, options]);
  if (made instanceof WebSocket) return made;
  throw new TypeError("the runtime's WebSocket made something else");
}
