/** One server's calls: so many at a time, so many that wait, the rest refused. No server waits for another's. */
import { type Result, err, ok } from "#contracts/result.ts";

export class CallQueue {
  readonly #atATime: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limits: { readonly concurrentCalls: number; readonly waitingCalls: number }) {
    this.#atATime = limits.concurrentCalls;
    this.#waitingMax = limits.waitingCalls;
  }

  /** Runs `work` when its turn comes; `stopped` when `signal` aborts before, `busy` when too many wait. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<Result<T, "busy" | "stopped">> {
    if (this.#running >= this.#atATime) {
      if (this.#waiting.length >= this.#waitingMax) return err("busy");
      await this.#turn(signal);
    } else {
      this.#running += 1;
    }
    try {
      return signal.aborted ? err("stopped") : ok(await work());
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next(); // hands its place on
    }
  }

  /** Resolves with a place of one's own; an abort does not take it away, the caller gives it back at once. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        const at = this.#waiting.indexOf(go);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        this.#running += 1; // the place that the caller's end hands on
        resolve();
      };
      this.#waiting.push(go);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}
