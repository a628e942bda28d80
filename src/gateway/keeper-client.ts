/**
 * The gateway's end of its link to the keeper: reports in, a tiny closed vocabulary out (contracts/keeper-link.ts).
 * What the keeper knows of each role stands here for status and pages; each change of state is a row.
 */
import type { RegisteredPeer } from "#contracts/frame.ts";
import {
  KEEPER_LINE_BYTES_MAX,
  parseFromKeeper,
  type RoleReport,
  type ToKeeper,
} from "#contracts/keeper-link.ts";
import { openSocket } from "#ipc/bun-socket.ts";

export interface KeeperEvents {
  readonly onRole: (report: RoleReport) => void;
  readonly onPeer: (peer: RegisteredPeer) => void;
  /** The keeper asks the gateway to end, or is gone itself. */
  readonly onStop: (reason: string) => void;
}

export interface KeeperClient {
  send(message: ToKeeper): void;
  /** The newest report of each role, by peer id. */
  roles(): readonly RoleReport[];
  /** Sets who is told. What came before is told first, in order. */
  listen(events: KeeperEvents): void;
}

/** A keeper's link that stands for itself, e.g. in tests and where the gateway runs alone. */
export class KeeperLine implements KeeperClient {
  readonly #write: (line: string) => void;
  readonly #roles = new Map<string, RoleReport>();
  #events: KeeperEvents | undefined;
  #early: ((events: KeeperEvents) => void)[] = [];
  #text = "";

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  send(message: ToKeeper): void {
    this.#write(`${JSON.stringify(message)}\n`);
  }

  roles(): readonly RoleReport[] {
    return [...this.#roles.values()];
  }

  listen(events: KeeperEvents): void {
    this.#events = events;
    for (const tell of this.#early) tell(events);
    this.#early = [];
  }

  /** Bytes from the link, decoded. A line that is too long or not in the vocabulary ends the program in order. */
  receive(text: string): void {
    this.#text += text;
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end < 0) break;
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      this.#take(line);
    }
    if (this.#text.length > KEEPER_LINE_BYTES_MAX) this.ended("the keeper's link is broken");
  }

  /** The link is gone: without its keeper the gateway does not go on. */
  ended(reason: string): void {
    this.#tell((events) => events.onStop(reason));
  }

  #take(line: string): void {
    const parsed = parseFromKeeper(line);
    if (!parsed.ok) {
      this.ended("the keeper's link is broken");
      return;
    }
    const message = parsed.value;
    if (message.kind === "stop") this.#tell((events) => events.onStop(message.reason));
    if (message.kind === "peer") this.#tell((events) => events.onPeer(message));
    if (message.kind === "role") {
      this.#roles.set(message.peerId, message);
      this.#tell((events) => events.onRole(message));
    }
  }

  #tell(tell: (events: KeeperEvents) => void): void {
    if (this.#events === undefined) this.#early.push(tell);
    else tell(this.#events);
  }
}

/** Opens the link on an inherited descriptor. Rejects when there is no socket behind it. */
export async function openKeeperLink(fd: number): Promise<KeeperLine> {
  let unsent = "";
  const decoder = new TextDecoder();
  const late: { socket: Bun.Socket<undefined> | undefined } = { socket: undefined };
  const flush = (): void => {
    const { socket } = late;
    if (socket === undefined || unsent === "") return;
    const bytes = new TextEncoder().encode(unsent);
    const taken = Math.max(0, socket.write(bytes));
    unsent = new TextDecoder().decode(bytes.subarray(taken)); // lines are ASCII, so any cut is between characters
  };
  const line = new KeeperLine((text) => {
    unsent += text;
    flush();
  });
  late.socket = await openSocket<undefined>({ fd }, undefined, {
    binaryType: "uint8array",
    data: (_, bytes) => line.receive(decoder.decode(bytes, { stream: true })),
    drain: flush,
    close: () => line.ended("the keeper is gone"),
    error: () => line.ended("the keeper's link failed"),
  });
  return line;
}
