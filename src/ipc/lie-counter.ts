/** Counts channel mismatches of one connection; too many within the window end it. */
import { LIMITS } from "#contracts/limits.ts";
import type { Clock } from "#runtime/clock.ts";

export class LieCounter {
  readonly #clock: Clock;
  #times: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a lie. True when it is the last one that is borne: end the connection. */
  record(): boolean {
    const now = this.#clock.monotonic();
    this.#times = this.#times.filter((time) => now - time < LIMITS.lies_window_ms);
    this.#times.push(now);
    return this.#times.length >= LIMITS.lies_max;
  }
}
