/**
 * The keeper's end of its link to the gateway: JSON lines over an inherited socket pair
 * (contracts/keeper-link.ts). The gateway reads strangers' words, so a line that is too long or not in the
 * vocabulary ends the link, and a gateway that does not read is not waited for.
 */
import { closeSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import {
  type FromKeeper,
  KEEPER_LINE_BYTES_MAX,
  type ToKeeper,
  parseToKeeper,
} from "#contracts/keeper-link.ts";
import { type Result, ok } from "#contracts/result.ts";
import { socketPair } from "#host/socket-pair.ts";
import { openSocket } from "#ipc/bun-socket.ts";

const UNSENT_BYTES_MAX = 4 * KEEPER_LINE_BYTES_MAX;
const NEWLINE = 0x0a;

export interface LinkEvents {
  readonly onMessage: (message: ToKeeper) => void;
  /** The link ended: the gateway went, or broke the vocabulary (`broken`). Called once. */
  readonly onEnd: (why: "closed" | "broken") => void;
}

export interface GatewayLink extends Disposable {
  /** The gateway's end, to be inherited as its descriptor 3; `handedOver` closes it here. */
  readonly childFd: number;
  handedOver(): void;
  /** Sends a message. False once the link has ended. */
  send(message: FromKeeper): boolean;
}

/** Makes a link. Fails with `unsupported` where there are no socket pairs. */
export async function gatewayLink(
  events: LinkEvents,
  makePair: () => readonly [number, number] | undefined = socketPair,
): Promise<Result<GatewayLink, Fault>> {
  const pair = makePair();
  if (pair === undefined) return fail("unsupported", "this system has no socket pairs");
  const [own, childFd] = pair;
  const link = new Link(childFd, events);
  const socket = await openSocket<undefined>({ fd: own }, undefined, {
    data: (_, bytes) => link.receive(bytes),
    drain: () => link.flush(),
    close: () => link.finish("closed"),
    error: () => link.finish("closed"),
  });
  link.attach(socket);
  return ok(link);
}

class Link implements GatewayLink {
  readonly childFd: number;
  readonly #events: LinkEvents;
  readonly #lines = new LineReader(KEEPER_LINE_BYTES_MAX);
  #socket: Bun.Socket<undefined> | undefined;
  #unsent: Uint8Array = new Uint8Array();
  #ended = false;
  #handed = false;

  constructor(childFd: number, events: LinkEvents) {
    this.childFd = childFd;
    this.#events = events;
  }

  attach(socket: Bun.Socket<undefined>): void {
    this.#socket = socket;
    this.flush();
  }

  handedOver(): void {
    if (this.#handed) return;
    this.#handed = true;
    closeSync(this.childFd);
  }

  send(message: FromKeeper): boolean {
    if (this.#ended) return false;
    const line = Buffer.from(`${JSON.stringify(message)}\n`);
    if (this.#unsent.byteLength + line.byteLength > UNSENT_BYTES_MAX) {
      this.finish("broken");
      return false;
    }
    this.#unsent = Buffer.concat([this.#unsent, line]);
    this.flush();
    return true;
  }

  flush(): void {
    if (this.#socket === undefined || this.#ended || this.#unsent.byteLength === 0) return;
    const taken = this.#socket.write(this.#unsent);
    if (taken > 0) this.#unsent = this.#unsent.subarray(taken);
  }

  receive(bytes: Uint8Array): void {
    if (this.#ended) return;
    const lines = this.#lines.push(bytes);
    if (lines === undefined) return this.finish("broken");
    for (const line of lines) {
      const message = parseToKeeper(line);
      if (!message.ok) return this.finish("broken");
      this.#events.onMessage(message.value);
      if (this.#ended) return;
    }
  }

  finish(why: "closed" | "broken"): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket?.terminate();
    this.handedOver();
    this.#events.onEnd(why);
  }

  [Symbol.dispose](): void {
    this.finish("closed");
  }
}

/** Cuts bytes into lines of UTF-8, holding at most one unfinished line. */
export class LineReader {
  readonly #bytesMax: number;
  #pieces: Uint8Array[] = [];
  #held = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that `bytes` completed, without their ends; `undefined` for a line too long or not UTF-8. */
  push(bytes: Uint8Array): readonly string[] | undefined {
    const lines: string[] = [];
    let rest = bytes;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const line = this.#complete(rest.subarray(0, end));
      if (line === undefined) return undefined;
      lines.push(line);
      rest = rest.subarray(end + 1);
    }
    if (rest.byteLength === 0) return lines;
    this.#pieces.push(rest.slice());
    this.#held += rest.byteLength;
    return this.#held > this.#bytesMax ? undefined : lines;
  }

  #complete(tail: Uint8Array): string | undefined {
    if (this.#held + tail.byteLength > this.#bytesMax) return undefined;
    const whole = Buffer.concat([...this.#pieces, tail]);
    this.#pieces = [];
    this.#held = 0;
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(whole);
    } catch {
      return undefined;
    }
  }
}
