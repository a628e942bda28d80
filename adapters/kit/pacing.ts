/** How fast a chat may be written to: a bucket of tokens per chat, filled by the clock. */
import type { Clock } from "#runtime/clock.ts";

export interface Pacing {
  /** Messages that may leave at once in one chat. */
  readonly burst: number;
  /** Milliseconds until one more may leave. */
  readonly refill_ms: number;
}

export interface Pacer {
  /** Takes a token. Milliseconds to wait before sending; 0 when it may leave now. */
  take(): number;
}

/** A pacer for one chat. A token may be taken ahead of time: the wait then says when it is due. */
export function pacer(pacing: Pacing, clock: Clock): Pacer {
  let tokens = pacing.burst;
  let at = clock.monotonic();
  return {
    take: () => {
      const now = clock.monotonic();
      tokens = Math.min(pacing.burst, tokens + (now - at) / pacing.refill_ms);
      at = now;
      tokens -= 1;
      return tokens >= 0 ? 0 : Math.ceil(-tokens * pacing.refill_ms);
    },
  };
}
