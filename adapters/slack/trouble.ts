/** What is said and how long is waited when Slack cannot be reached or refuses us. */
import type { AdapterHost } from "#kit/adapter.ts";
import { pause } from "#kit/pause.ts";
import type { RefusedReason, SlackFailure } from "./failure.ts";

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
/** A refused token is looked at again now and then: an operator may have mended it on Slack's pages. */
const REFUSED_RETRY_MS = 5 * 60_000;
const WAIT_MS_MAX = 10 * 60_000;

/** Whose token it is about: each is mended elsewhere. */
export type Holder = "bot" | "app";

export interface Trouble {
  /** Reports a failure and waits. False when the adapter stops first. */
  meet(holder: Holder, failure: SlackFailure): Promise<boolean>;
  /** All is well again. */
  over(): void;
}

const REFUSED = {
  bot: "Slack refused the bot token: it was taken back, or the app was uninstalled",
  app: "Slack refused the app-level token: it was taken back, or never existed",
} as const satisfies Record<Holder, string>;

/** The desk of one life. */
export function troubleDesk(host: AdapterHost, signal: AbortSignal): Trouble {
  const waits = host.backoff(RETRY_MS_MIN, RETRY_MS_MAX);
  return {
    meet: async (holder, failure) => {
      if (signal.aborted) return false;
      switch (failure.kind) {
        case "auth":
          host.report("rejected", REFUSED[holder]);
          return await pause(host.clock, REFUSED_RETRY_MS, signal);
        case "refused":
          host.report(...sentenceOf(failure.reason));
          return await pause(
            host.clock,
            failure.reason === "other" ? waits.next() : REFUSED_RETRY_MS,
            signal,
          );
        case "rate":
          host.report("degraded", "Slack asks to slow down");
          return await pause(host.clock, Math.min(failure.afterMs, WAIT_MS_MAX), signal);
        case "busy":
        case "unreached":
        case "unsure":
          host.report("degraded", "Slack does not answer");
          return await pause(host.clock, waits.next(), signal);
      }
    },
    over: () => waits.reset(),
  };
}

function sentenceOf(reason: RefusedReason): ["rejected" | "degraded", string] {
  if (reason === "off")
    return ["rejected", "Socket Mode is switched off for this app: switch it on in its settings"];
  if (reason === "scope") return ["rejected", "the app-level token lacks the scope connections:write"];
  return ["degraded", "Slack refused a request"];
}
