/**
 * One ordered queue for each conversation: turns of a conversation run one after the other, those of different
 * conversations side by side, and whoever puts a turn in never waits for it (docs/ARCHITECTURE.md, step 6).
 */
import type { Stop } from "#contracts/approval.ts";
import { LIMITS } from "#contracts/limits.ts";
import { TurnStopped } from "./turn-stop.ts";

/** Runs one turn. Ends early when `signal` aborts; must not reject for what an outsider can cause. */
export type TurnJob = (signal: AbortSignal) => Promise<void>;

interface Waiting<Who> {
  readonly who: Who;
  readonly job: TurnJob;
}

interface Lane<Who> {
  readonly waiting: Waiting<Who>[];
  /** Whose turn runs. */
  who: Who;
  current: AbortController;
}

/** Lanes by `Key`; each turn is somebody's: `Who`. */
export class TurnQueue<Key, Who> {
  readonly #lanes = new Map<Key, Lane<Who>>();
  readonly #running = new Set<Promise<void>>();
  readonly #onCrash: (error: unknown) => void;
  readonly #waitingMax: number;
  #closed = false;

  /** `onCrash` is told of a job that rejected: a bug, the queue goes on. `waitingMax`: jobs that may wait per key. */
  constructor(onCrash: (error: unknown) => void, waitingMax: number = LIMITS.conversation_queue_max) {
    this.#onCrash = onCrash;
    this.#waitingMax = waitingMax;
  }

  /**
   * Starts the job, or lets it wait behind the running one. Returns how many wait now (0: it runs), or `full` when the
   * bound is reached, or `closed`.
   */
  push(key: Key, who: Who, job: TurnJob): number | "full" | "closed" {
    if (this.#closed) return "closed";
    const lane = this.#lanes.get(key);
    if (lane === undefined) {
      this.#start(key, { waiting: [], who, current: new AbortController() }, job);
      return 0;
    }
    if (lane.waiting.length >= this.#waitingMax) return "full";
    lane.waiting.push({ who, job });
    return lane.waiting.length;
  }

  /** Stops the running job of `key`; what was said meanwhile waits behind it and comes next. False when nothing ran. */
  stop(key: Key, stop: Stop): boolean {
    const lane = this.#lanes.get(key);
    if (lane === undefined) return false;
    lane.current.abort(new TurnStopped(stop));
    return true;
  }

  /** Stops whatever runs for `who`, in every lane, and drops what waits for them. Others' turns go on. */
  endAllOf(who: Who, stop: Stop): void {
    for (const lane of this.#lanes.values()) {
      const others = lane.waiting.filter((waiting) => waiting.who !== who);
      lane.waiting.splice(0, lane.waiting.length, ...others);
      if (lane.who === who) lane.current.abort(new TurnStopped(stop));
    }
  }

  /** Stops the running job of `key` and drops what waits behind it: the conversation itself ends. */
  end(key: Key, stop: Stop): boolean {
    const lane = this.#lanes.get(key);
    if (lane !== undefined) lane.waiting.length = 0;
    return this.stop(key, stop);
  }

  /** True while a job of `key` runs. */
  isBusy(key: Key): boolean {
    return this.#lanes.has(key);
  }

  /** Takes nothing more, stops every running job and resolves when all have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const key of Array.from(this.#lanes.keys())) this.end(key, { by: "shutdown" });
    await Promise.all(this.#running);
  }

  #start(key: Key, lane: Lane<Who>, first: TurnJob): void {
    this.#lanes.set(key, lane);
    const run = this.#drain(key, lane, first).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async #drain(key: Key, lane: Lane<Who>, first: TurnJob): Promise<void> {
    let job: TurnJob | undefined = first;
    while (job !== undefined) {
      try {
        await job(lane.current.signal);
      } catch (error) {
        this.#onCrash(error);
      }
      lane.current = new AbortController();
      const next: Waiting<Who> | undefined = this.#closed ? undefined : lane.waiting.shift();
      if (next !== undefined) lane.who = next.who;
      job = next?.job;
    }
    this.#lanes.delete(key);
  }
}
