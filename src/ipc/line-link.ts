/**
 * JSON lines over an inherited socket pair, for two processes of ours. A line that is too long ends the link: whoever
 * is at the other end does not keep to the vocabulary.
 */
import { openSocket } from "./bun-socket.ts";

export interface LineEvents {
  readonly onLine: (line: string) => void;
  /** The other end is gone, or broke the rule above. Called once. */
  readonly onEnd: () => void;
}

export interface LineLink {
  /** Queues a line. False once the link has ended. */
  send(line: string): boolean;
  /** Resolves once less than `bytes` wait to be sent, or the link has ended. */
  below(bytes: number): Promise<void>;
  end(): void;
}

const NEWLINE = 0x0a;

/** Takes over `fd`, which must be a connected socket. Rejects where it is none. */
export async function openLineLink(fd: number, lineBytesMax: number, events: LineEvents): Promise<LineLink> {
  const link = new Lines(lineBytesMax, events);
  const socket = await openSocket<undefined>({ fd }, undefined, {
    binaryType: "uint8array",
    data: (_, bytes) => link.receive(bytes),
    drain: () => link.flush(),
    close: () => link.finish(),
    error: () => link.finish(),
  });
  link.attach(socket);
  return link;
}

class Lines implements LineLink {
  readonly #lineBytesMax: number;
  readonly #events: LineEvents;
  #socket: Bun.Socket<undefined> | undefined;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  readonly #queue: Uint8Array[] = [];
  #unsent = 0;
  #ended = false;
  #waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];

  constructor(lineBytesMax: number, events: LineEvents) {
    this.#lineBytesMax = lineBytesMax;
    this.#events = events;
  }

  attach(socket: Bun.Socket<undefined>): void {
    this.#socket = socket;
    this.flush();
  }

  send(line: string): boolean {
    if (this.#ended) return false;
    const bytes = new TextEncoder().encode(`${line}\n`);
    this.#queue.push(bytes);
    this.#unsent += bytes.byteLength;
    this.flush();
    return true;
  }

  below(bytes: number): Promise<void> {
    if (this.#ended || this.#unsent < bytes) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ bytes, resolve }));
  }

  end(): void {
    this.#socket?.end();
    this.finish();
  }

  flush(): void {
    for (let next = this.#queue[0]; next !== undefined && !this.#ended; next = this.#queue[0]) {
      const taken = Math.max(0, this.#socket?.write(next) ?? 0);
      this.#unsent -= taken;
      if (taken === next.byteLength) this.#queue.shift();
      else {
        this.#queue[0] = next.subarray(taken);
        break;
      }
    }
    this.#wake();
  }

  receive(bytes: Uint8Array): void {
    let rest = bytes;
    for (let end = rest.indexOf(NEWLINE); end >= 0 && !this.#ended; end = rest.indexOf(NEWLINE)) {
      const line = Buffer.concat([...this.#parts, rest.subarray(0, end)]).toString("utf8");
      this.#parts = [];
      this.#partBytes = 0;
      rest = rest.subarray(end + 1);
      this.#events.onLine(line);
    }
    if (this.#ended || rest.byteLength === 0) return;
    this.#parts.push(rest.slice());
    this.#partBytes += rest.byteLength;
    if (this.#partBytes > this.#lineBytesMax) this.end();
  }

  finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wake();
    this.#events.onEnd();
  }

  #wake(): void {
    const due = this.#waiting.filter(({ bytes }) => this.#ended || this.#unsent < bytes);
    this.#waiting = this.#waiting.filter((each) => !due.includes(each));
    for (const { resolve } of due) resolve();
  }
}
