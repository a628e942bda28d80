/** Bounded exponential backoff with jitter, from a random source that is passed in. */
import type { Random } from "./random.ts";

export interface Backoff {
  /** Milliseconds to wait before the next attempt; doubles each time up to the maximum. */
  next(): number;
  reset(): void;
}

/** Backoff from `minMs` doubling to `maxMs`; each wait is drawn from [wait / 2, wait]. */
export function backoff(random: Random, minMs: number, maxMs: number): Backoff {
  let wait = minMs;
  return {
    next: () => {
      const chosen = wait / 2 + (random.unit() * wait) / 2;
      wait = Math.min(wait * 2, maxMs);
      return Math.round(chosen);
    },
    reset: () => {
      wait = minMs;
    },
  };
}
