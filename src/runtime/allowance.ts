/** How much of something may happen in a time: a bucket that the clock fills. */
import type { Clock } from "./clock.ts";

export interface Allowance {
  /** Takes one; false when there is none left at the moment. */
  take(): boolean;
}

/** An allowance of `perMinute`, of which `burst` may come at once: by default a whole minute's. */
export function allowance(perMinute: number, clock: Clock, burst: number = perMinute): Allowance {
  let tokens = burst;
  let at = clock.monotonic();
  return {
    take: () => {
      const now = clock.monotonic();
      tokens = Math.min(burst, tokens + ((now - at) * perMinute) / 60_000);
      at = now;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
