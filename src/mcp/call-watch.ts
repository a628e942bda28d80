/**
 * How long one call may take: so long without a word of the server, and so long in all. While a person is asked
 * something within the call neither runs on: nobody is hurried by a server's clock.
 */
import type { McpLimits } from "#contracts/mcp-config.ts";
import type { Clock } from "#runtime/clock.ts";

export class CallWatch implements Disposable {
  readonly #clock: Clock;
  readonly #limits: McpLimits;
  readonly #onLate: () => void;
  #leftMs: number;
  #since: number;
  #cancel: () => void = () => undefined;
  #pauses = 0;

  /** Begins at once; `onLate` is called at most once. */
  constructor(clock: Clock, limits: McpLimits, onLate: () => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#onLate = onLate;
    this.#leftMs = limits.totalMs;
    this.#since = clock.monotonic();
    this.#arm();
  }

  /** The server said something: the shorter time begins anew. */
  heard(): void {
    if (this.#pauses > 0) return;
    this.#spend();
    this.#arm();
  }

  /** Stops both times while `work` runs. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#pauses++ === 0) this.#spend();
    this.#cancel();
    try {
      return await work();
    } finally {
      this.#since = this.#clock.monotonic();
      if (--this.#pauses === 0) this.#arm();
    }
  }

  [Symbol.dispose](): void {
    this.#pauses = Number.POSITIVE_INFINITY;
    this.#cancel();
  }

  #spend(): void {
    const now = this.#clock.monotonic();
    this.#leftMs -= now - this.#since;
    this.#since = now;
  }

  #arm(): void {
    this.#cancel();
    const ms = Math.max(0, Math.min(this.#limits.timeoutMs, this.#leftMs));
    this.#cancel = this.#clock.after(ms, this.#onLate);
  }
}
