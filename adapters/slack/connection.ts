/**
 * One Socket Mode connection from its opening to its end. Slack pings every few seconds; one that is silent
 * for longer is gone, whatever the network says.
 */
import type { AdapterHost } from "#kit/adapter.ts";
import type { OpenSocket } from "#kit/platform-socket.ts";
import { type Envelope, readFrame } from "./frame.ts";

const HELLO_MS_MAX = 15_000;
const SILENCE_MS_MAX = 45_000;
const NORMAL = 1000;

/** How a connection ends for us: `leaving` while it still works, and another should be opened beside it. */
export type ConnectionEnd = "closed" | "leaving" | "off";

export interface SlackConnection {
  /** True once Slack said hello; false when it never did. */
  readonly greeted: Promise<boolean>;
  /** Resolves with the first reason to look for another connection. */
  readonly end: Promise<ConnectionEnd>;
  /** Resolves when nothing comes from it any more. */
  readonly closed: Promise<void>;
  close(): void;
}

export interface ConnectionPorts {
  readonly openSocket: OpenSocket;
  readonly clock: AdapterHost["clock"];
  /** An envelope, and the way to acknowledge it: nothing happens when the connection is gone. */
  readonly onEnvelope: (envelope: Envelope, acknowledge: () => void) => void;
}

/** Opens a connection. */
export function openConnection(
  url: string,
  { openSocket, clock, onEnvelope }: ConnectionPorts,
): SlackConnection {
  const greeted = Promise.withResolvers<boolean>();
  const end = Promise.withResolvers<ConnectionEnd>();
  const closed = Promise.withResolvers<void>();
  let cancel = (): void => undefined;
  let isOver = false;
  const alive = (ms: number): void => {
    cancel();
    if (isOver) return;
    cancel = clock.after(ms, () => socket.close(NORMAL));
  };
  const read = (text: string): void => {
    alive(SILENCE_MS_MAX);
    const frame = readFrame(text);
    if (frame.kind === "hello") greeted.resolve(true);
    else if (frame.kind === "disconnect") end.resolve(frame.off ? "off" : "leaving");
    else if (frame.kind === "envelope") {
      const { envelope } = frame;
      onEnvelope(envelope, () => socket.send(JSON.stringify({ envelope_id: envelope.id })));
    }
  };
  const socket = openSocket(url, {
    open: () => undefined,
    text: read,
    beat: () => alive(SILENCE_MS_MAX),
    closed: () => {
      isOver = true;
      cancel();
      greeted.resolve(false);
      end.resolve("closed");
      closed.resolve();
    },
  });
  alive(HELLO_MS_MAX);
  return {
    greeted: greeted.promise,
    end: end.promise,
    closed: closed.promise,
    close: () => socket.close(NORMAL),
  };
}
