/** Waiting that ends early, as a value, when the adapter is told to stop. */
import type { Clock } from "#runtime/clock.ts";

/** Waits `ms`. True when the time passed, false when `signal` aborted before or while waiting. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  if (ms <= 0) return true;
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch {
    return false; // sleep rejects for one reason only: the signal
  }
}
