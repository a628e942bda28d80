/** Bounds what the gateway may ask of the keeper: each ask costs a look at config.json, and often a start. */
import type { Clock } from "#runtime/clock.ts";

const WINDOW_MS = 60_000;
/** An operator asks a handful of times in a minute. */
const ASKS_MAX = 60;

export class AskLimit {
  readonly #clock: Clock;
  #sinceMs = 0;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts an ask: it is `heard`, the `first` one too many in this minute, or `ignored` for the rest of it. */
  next(): "heard" | "first" | "ignored" {
    const now = this.#clock.monotonic();
    if (now - this.#sinceMs >= WINDOW_MS) {
      this.#sinceMs = now;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count <= ASKS_MAX) return "heard";
    return this.#count === ASKS_MAX + 1 ? "first" : "ignored";
  }
}
