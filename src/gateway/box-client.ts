/**
 * The gateway's end of its link to the box role (contracts/box-link.ts): what commands in the box need of it. A link
 * that ends takes the box with it: from then on every command asks as one without a box.
 */
import { BOX_LINE_BYTES_MAX, type FromBox, type ToBox, parseFromBox } from "#contracts/box-link.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { openLineLink } from "#ipc/line-link.ts";
import type { BoxDoors } from "./box-doors.ts";
import type { BoxEnd, BoxOrder, BoxPort, BoxWatch } from "#tools/box-port.ts";
import type { FolderNames, FolderPlace, FolderPort, FolderWritten } from "#tools/folder-port.ts";

type Answer = Exclude<FromBox, { readonly kind: "ready" | "output" }>;

interface Waiting {
  readonly onOutput: (bytes: Uint8Array) => void;
  readonly answer: (answer: Answer | undefined) => void;
}

const GONE = "the box has ended; start wirken again to have it back";
const NEVER = "this system lets your user make no namespaces, or lacks util-linux";
const STARTING = "the box is being tested";

export class BoxClient implements BoxPort, FolderPort {
  readonly #waiting = new Map<number, Waiting>();
  readonly #doors: BoxDoors | undefined;
  readonly #ready = Promise.withResolvers<void>();
  #send: (line: string) => boolean;
  #next = 1;
  #enforced = false;
  #detail = STARTING;

  constructor(send: (line: string) => boolean, doors?: BoxDoors) {
    this.#send = send;
    this.#doors = doors;
  }

  get enforced(): boolean {
    return this.#enforced;
  }

  get detail(): string {
    return this.#detail;
  }

  /** Resolves when the box role has said whether the box is enforced here, or is gone. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  async look(agent: string): Promise<{ readonly fits: boolean; readonly detail: string }> {
    const answer = await this.#ask({ kind: "look", agent });
    return answer?.kind === "looked" ? answer : { fits: false, detail: this.#detail };
  }

  async run(order: BoxOrder, watch: BoxWatch): Promise<Result<BoxEnd, Fault>> {
    const stop = { now: (): void => undefined };
    let closeDoor = (): void => undefined;
    const onAbort = (): void => stop.now();
    watch.signal.addEventListener("abort", onAbort, { once: true });
    const asked = this.#ask({ kind: "run", ...order, argv: [...order.argv] }, watch.onOutput, (id) => {
      stop.now = () => void this.#write({ kind: "stop", id });
      if (order.network) closeDoor = this.#doors?.await(id, watch.onListener) ?? closeDoor;
    });
    if (watch.signal.aborted) stop.now();
    const answer = await asked;
    watch.signal.removeEventListener("abort", onAbort);
    closeDoor();
    if (answer?.kind === "ended") return ok(answer);
    if (answer?.kind === "refused") return fail("refused", answer.message, { reason: answer.reason });
    return fail("unavailable", "the box ended with the command in it; its effect is not known", {
      reason: "guard",
    });
  }

  async undo(agent: string, changes: string): Promise<Result<void, Fault>> {
    const answer = await this.#ask({ kind: "undo", agent, changes });
    if (answer?.kind !== "undone") return fail("unavailable", this.#detail);
    return answer.done ? ok(undefined) : fail("refused", answer.message);
  }

  async readFile(place: FolderPlace, bytesMax: number): Promise<Result<Uint8Array, Fault>> {
    const answer = await this.#ask({ kind: "folder_read", ...place, bytesMax });
    return answer?.kind === "file" ? ok(Buffer.from(answer.base64, "base64")) : this.#not(answer);
  }

  async listFolder(place: FolderPlace, entriesMax: number): Promise<Result<FolderNames, Fault>> {
    const answer = await this.#ask({ kind: "folder_list", ...place, entriesMax });
    return answer?.kind === "names" ? ok(answer) : this.#not(answer);
  }

  async writeFile(
    place: FolderPlace,
    before: string,
    bytes: Uint8Array,
  ): Promise<Result<FolderWritten, Fault>> {
    const base64 = Buffer.from(bytes).toString("base64");
    const answer = await this.#ask({ kind: "folder_write", ...place, before, base64 });
    return answer?.kind === "wrote" ? ok(answer) : this.#not(answer);
  }

  #not(answer: Answer | undefined): Result<never, Fault> {
    if (answer?.kind !== "refused") return fail("unavailable", this.#detail);
    const code = answer.reason === "not_found" ? "not_found" : "refused";
    return fail(code, answer.message, { reason: answer.reason });
  }

  /** A line of the box role. One that is not in the vocabulary ends the link. */
  receive(line: string): void {
    const message = parseFromBox(line);
    if (!message.ok) return this.ended();
    if (message.value.kind === "ready") {
      this.#enforced = message.value.enforced;
      this.#detail = message.value.detail;
      return this.#ready.resolve();
    }
    const waiting = this.#waiting.get(message.value.id);
    if (message.value.kind === "output") {
      return waiting?.onOutput(Buffer.from(message.value.base64, "base64"));
    }
    this.#waiting.delete(message.value.id);
    waiting?.answer(message.value);
  }

  ended(): void {
    this.#send = () => false;
    this.#enforced = false;
    this.#detail = this.#detail === STARTING ? NEVER : GONE;
    this.#ready.resolve();
    for (const { answer } of this.#waiting.values()) answer(undefined);
    this.#waiting.clear();
  }

  #ask(
    message: Without<ToBox>,
    onOutput: (bytes: Uint8Array) => void = () => undefined,
    begun: (id: number) => void = () => undefined,
  ): Promise<Answer | undefined> {
    const id = this.#next;
    this.#next += 1;
    return new Promise((answer) => {
      this.#waiting.set(id, { onOutput, answer });
      if (this.#write({ ...message, id })) return begun(id);
      this.#waiting.delete(id);
      answer(undefined);
    });
  }

  #write(message: ToBox): boolean {
    return this.#send(JSON.stringify(message));
  }
}

/** The message without its number, for each kind by itself. */
type Without<M> = M extends { readonly kind: "stop" } ? never : M extends unknown ? Omit<M, "id"> : never;

/** Opens the link on an inherited descriptor. Without one, a box that was never there. */
export async function openBoxLink(fd: number, doors?: BoxDoors): Promise<BoxClient> {
  try {
    const early: string[] = [];
    let client: BoxClient | undefined;
    const link = await openLineLink(fd, BOX_LINE_BYTES_MAX, {
      onLine: (line) => (client === undefined ? void early.push(line) : client.receive(line)),
      onEnd: () => client?.ended(),
    });
    client = new BoxClient((line) => link.send(line), doors);
    for (const line of early) client.receive(line);
    return client;
  } catch {
    return noBox("this system has no box for commands");
  }
}

/** A box that is not there. */
export function noBox(why: string): BoxClient {
  const client = new BoxClient(() => false);
  client.receive(JSON.stringify({ kind: "ready", enforced: false, detail: why }));
  return client;
}
