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
      if (!(await this.#turn(signal))) return err("stopped");
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

  /** True with a place of one's own; false for a call that was stopped while it waited, which has none. */
  #turn(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const go = (): void => {
        signal.removeEventListener("abort", leave);
        resolve(true);
      };
      const leave = (): void => {
        const at = this.#waiting.indexOf(go);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve(false);
      };
      if (signal.aborted) return resolve(false);
      this.#waiting.push(go);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}
