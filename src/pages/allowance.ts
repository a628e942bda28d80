/** How many requests a minute a page's process answers: a bucket filled by the clock. */
import type { Clock } from "#runtime/clock.ts";

export interface Allowance {
  /** Takes one request's worth; false when the minute's is spent. */
  take(): boolean;
}

/** An allowance of `perMinute` requests, all of which may come at once. */
export function allowance(perMinute: number, clock: Clock): Allowance {
  let tokens = perMinute;
  let at = clock.monotonic();
  return {
    take: () => {
      const now = clock.monotonic();
      tokens = Math.min(perMinute, tokens + ((now - at) * perMinute) / 60_000);
      at = now;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
