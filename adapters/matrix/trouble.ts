/** What is said and how long is waited when the homeserver cannot be reached or refuses us. */
import { unreachable } from "#contracts/result.ts";
import type { AdapterHost } from "#kit/adapter.ts";
import { pause } from "#kit/pause.ts";
import type { MatrixFailure } from "./failure.ts";

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
/**
 * A refused token is looked at again now and then: an administrator may have lifted what stood against it.
 */
const REFUSED_RETRY_MS = 5 * 60_000;
const WAIT_MS_MAX = 10 * 60_000;

export interface Trouble {
  /** Reports a failure and waits. False when the adapter stops first. */
  meet(failure: MatrixFailure): Promise<boolean>;
  /** All is well again. */
  over(): void;
}

/** The desk of one life. */
export function troubleDesk(host: AdapterHost, signal: AbortSignal): Trouble {
  const waits = host.backoff(RETRY_MS_MIN, RETRY_MS_MAX);
  return {
    meet: async (failure) => {
      if (signal.aborted) return false;
      switch (failure.kind) {
        case "auth":
          host.report("rejected", refusedSentence(failure.soft));
          return await pause(host.clock, REFUSED_RETRY_MS, signal);
        case "rate":
          host.report("degraded", "the homeserver asks to slow down");
          return await pause(host.clock, Math.min(failure.afterMs, WAIT_MS_MAX), signal);
        case "refused":
          host.report("degraded", "the homeserver refused a request");
          return await pause(host.clock, waits.next(), signal);
        case "busy":
        case "unreached":
        case "unsure":
          host.report("degraded", "the homeserver does not answer");
          return await pause(host.clock, waits.next(), signal);
        default:
          return unreachable(failure);
      }
    },
    over: () => waits.reset(),
  };
}

/** What a refused token means. */
export function refusedSentence(soft: boolean): string {
  return soft
    ? "the homeserver ended the bot's login: log in again as the same device, and give the new token"
    : "the homeserver refused the access token: it was signed out, or never existed";
}
