/**
 * What the box role does for the gateway: look, run, stop, undo, and files of given folders. It makes the plan of a
 * run itself, from the agent's name and the operator's list of folders; a run whose plan is not the approved one is
 * refused. One run an agent at a time, so that what changed is what that run changed.
 */
import type { BoxReport, FromBox, ToBox } from "#contracts/box-link.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { boxPlan } from "#confine/box-plan.ts";
import { planDigest } from "#confine/plan-digest.ts";
import { agentFolders } from "#host/agent-folders.ts";
import type { DataPaths } from "#host/paths.ts";
import { runBoxed } from "./boxed-run.ts";
import type { RunPorts } from "./boxed-run.ts";
import { CHANGES_BYTES_MAX, changesBetween, decodeChanges, encodeChanges } from "./changes.ts";
import { type FolderOrder, takeFolderOrder } from "./given-folder.ts";
import { KeptObjects } from "./kept-objects.ts";
import { type Tree, hashesOf, keepTrees, reasonNotKept } from "./kept-tree.ts";
import { undoChanges } from "./undo.ts";

export interface DeskPorts extends Omit<RunPorts, "signal" | "onOutput" | "door"> {
  /** The socket over which listeners go to the gateway. */
  readonly door: number;
  readonly paths: DataPaths;
  readonly send: (message: FromBox) => void;
  /** Resolves when the gateway has taken most of what was sent. */
  readonly drained: () => Promise<void>;
}

type Run = Extract<ToBox, { readonly kind: "run" }>;

const PIECE_BYTES = 262_144;

export class BoxDesk {
  readonly #ports: DeskPorts;
  readonly #stops = new Map<number, AbortController>();
  /** What the folders of an agent were after its last run: saves reading them again. */
  readonly #trees = new Map<string, readonly Tree[]>();
  /** The end of an agent's last act; the next begins after it. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(ports: DeskPorts) {
    this.#ports = ports;
  }

  /** Takes a message; its answer is sent when it is there. Rejects for a bug alone. */
  async take(message: ToBox): Promise<void> {
    const { send } = this.#ports;
    switch (message.kind) {
      case "look": {
        const roots = this.#roots(message.agent);
        const why = roots.ok ? reasonNotKept(roots.value) : roots.error.message;
        return send({ kind: "looked", id: message.id, fits: why === undefined, detail: why ?? "" });
      }
      case "run": {
        const stop = new AbortController();
        this.#stops.set(message.id, stop);
        await this.#inTurn(message.agent, async () => {
          const ended = await this.#run(message, stop.signal);
          this.#stops.delete(message.id);
          if (ended.ok) return send(ended.value);
          const { reason, code, message: why } = ended.error;
          send({ kind: "refused", id: message.id, reason: reason ?? code, message: why });
        });
        return;
      }
      case "stop":
        this.#stops.get(message.id)?.abort();
        return;
      case "undo":
        await this.#inTurn(message.agent, async () => {
          const undone = this.#undo(message.agent, message.changes);
          const why = undone.ok ? "" : undone.error.message;
          send({ kind: "undone", id: message.id, done: undone.ok, message: why });
        });
        return;
      case "folder_read":
      case "folder_list":
        return send(this.#folderOrder(message));
      case "folder_write":
        // In turn: a running command and this would each have the other's change in its list.
        await this.#inTurn(message.agent, async () => send(this.#folderOrder(message)));
    }
  }

  /** Ends every run and resolves when they have ended. */
  async end(): Promise<void> {
    for (const stop of this.#stops.values()) stop.abort();
    await Promise.all(this.#turns.values());
  }

  async #inTurn(agent: string, act: () => Promise<void>): Promise<void> {
    const before = this.#turns.get(agent) ?? Promise.resolve();
    const turn = before.then(act);
    // The one after waits for this one's end, however it ends.
    this.#turns.set(
      agent,
      turn.catch(() => undefined),
    );
    await turn;
  }

  async #run(order: Run, signal: AbortSignal): Promise<Result<FromBox, Fault>> {
    const { paths, send, drained } = this.#ports;
    const folders = agentFolders(paths, order.agent);
    if (!folders.ok) return folders;
    const plan = boxPlan({ ...order, paths, folders: folders.value });
    if (planDigest(plan) !== order.plan) {
      return fail("refused", "the box is not the approved one", { reason: "changed" });
    }
    if (signal.aborted) return ok(ended(order.id, { verdict: "stopped", code: null, signal: null }));
    const kept = this.#keep(order.agent);
    if (!kept.ok) return kept;
    const { door, ...ports } = this.#ports;
    const report = await runBoxed(plan, {
      ...ports,
      ...(order.network ? { door: { descriptor: door, tag: order.id } } : {}),
      signal,
      onOutput: async (bytes) => {
        for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
          const base64 = Buffer.from(bytes.subarray(at, at + PIECE_BYTES)).toString("base64");
          send({ kind: "output", id: order.id, base64 });
        }
        await drained();
      },
    });
    if (!report.ok) return report;
    return ok({ ...ended(order.id, report.value), ...this.#noteChanges(order.agent, kept.value) });
  }

  #folderOrder(order: FolderOrder): FromBox {
    const answer = takeFolderOrder(order, {
      paths: this.#ports.paths,
      needed: hashesOf(this.#trees.get(order.agent) ?? []),
    });
    if (answer.ok) return answer.value;
    const { reason, code, message } = answer.error;
    // Nothing there is no failure of the order: the gateway must know it from one.
    const word = code === "not_found" ? code : (reason ?? code);
    return { kind: "refused", id: order.id, reason: word, message };
  }

  /** Keeps the agent's folders as they are. */
  #keep(agent: string): Result<readonly Tree[], Fault> {
    const roots = this.#roots(agent);
    if (!roots.ok) return roots;
    const objects = KeptObjects.open(this.#ports.paths.boxKept(agent));
    if (!objects.ok) return objects;
    const trees = keepTrees(roots.value, this.#trees.get(agent) ?? [], objects.value);
    if (trees.ok) this.#trees.set(agent, trees.value);
    return trees;
  }

  /** Compares with the state before; what differs stands in a list that is kept, too. */
  #noteChanges(agent: string, before: readonly Tree[]) {
    const after = this.#keep(agent);
    if (!after.ok) {
      this.#trees.delete(agent);
      return { changes: "" as const, changed: 0, lost: after.error.message };
    }
    const changes = changesBetween(before, after.value);
    if (changes.length === 0) return { changes: "" as const, changed: 0, lost: "" };
    const list = this.#keepList(agent, encodeChanges(changes), hashesOf(after.value));
    return list.ok
      ? { changes: list.value, changed: changes.length, lost: "" }
      : { changes: "" as const, changed: changes.length, lost: list.error.message };
  }

  #keepList(agent: string, list: Uint8Array, needed: ReadonlySet<string>): Result<string, Fault> {
    if (list.byteLength > CHANGES_BYTES_MAX) return fail("limit", "too much changed for a list of it");
    const objects = KeptObjects.open(this.#ports.paths.boxKept(agent));
    if (!objects.ok) return objects;
    const kept = objects.value.keepBytes(list);
    if (kept.ok) objects.value.prune(needed, LIMITS.box_old_bytes_max);
    return kept.ok && !objects.value.has(kept.value) ? fail("limit", "too much changed to be kept") : kept;
  }

  #undo(agent: string, list: string): Result<void, Fault> {
    const roots = this.#roots(agent);
    if (!roots.ok) return roots;
    const objects = KeptObjects.open(this.#ports.paths.boxKept(agent));
    if (!objects.ok) return objects;
    const bytes = objects.value.read(list, CHANGES_BYTES_MAX);
    if (!bytes.ok) {
      return bytes.error.code === "not_found"
        ? fail("not_found", "the old version is no longer kept")
        : bytes;
    }
    const changes = decodeChanges(bytes.value);
    if (!changes.ok) return changes;
    if (changes.value.some(({ root }) => !roots.value.includes(root))) {
      return fail("refused", "a folder that changed is no longer the agent's");
    }
    return undoChanges(changes.value, objects.value);
  }

  /** What a run of the agent may change and is therefore kept: its workspace, and folders given for writing. */
  #roots(agent: string): Result<readonly string[], Fault> {
    const folders = agentFolders(this.#ports.paths, agent);
    if (!folders.ok) return err(folders.error);
    const given = folders.value.filter(({ access }) => access === "write").map(({ path }) => path);
    return ok([this.#ports.paths.workspace(agent), ...given]);
  }
}

function ended(id: number, report: BoxReport) {
  return { kind: "ended" as const, id, report, changes: "" as const, changed: 0, lost: "" };
}
