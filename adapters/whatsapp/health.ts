/** The state of the connection to Meta: who we are, asked at the start, now and then, and soon after a refusal. */
import type { AdapterHost } from "#kit/adapter.ts";
import { pause } from "#kit/pause.ts";
import type { CloudApi } from "./api.ts";
import type { CloudFailure } from "./failure.ts";

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
/** A refused token is looked at again now and then: an operator may have mended its rights. */
const REFUSED_MS = 5 * 60_000;
/** Nothing else tells an idle adapter that its token ran out. */
const GOOD_MS = 15 * 60_000;
const WAIT_MS_MAX = 10 * 60_000;

export interface Health {
  /** Asks until the signal aborts. */
  watch(signal: AbortSignal): Promise<void>;
  /** A call failed: a refused token is reported at once. */
  failed(failure: CloudFailure): void;
}

/** Builds the watch of one number. */
export function health(host: AdapterHost, api: CloudApi): Health {
  const waits = host.backoff(RETRY_MS_MIN, RETRY_MS_MAX);
  let wake = new AbortController();
  const say = (failure: CloudFailure): number => {
    switch (failure.kind) {
      case "auth":
        host.report(
          "rejected",
          failure.lacks === "validity"
            ? "Meta refused the access token: it ran out, was revoked, or never existed"
            : "the access token lacks the right whatsapp_business_messaging for this number",
        );
        return REFUSED_MS;
      case "rate":
        host.report("degraded", "Meta asks to slow down");
        return Math.min(failure.afterMs, WAIT_MS_MAX);
      case "refused":
      case "blocked":
      case "window":
        host.report("degraded", "Meta does not know this phone number id, or not for this token");
        return RETRY_MS_MAX;
      case "busy":
      case "unreached":
      case "unsure":
        host.report("degraded", "Meta does not answer");
        return waits.next();
    }
  };
  return {
    watch: async (signal) => {
      while (!signal.aborted) {
        wake = new AbortController();
        const me = await api.me();
        if (signal.aborted) return;
        if (me.ok) {
          waits.reset();
          host.report("ready", `@${me.value.number}`);
        }
        const wait = me.ok ? GOOD_MS : say(me.error);
        await pause(host.clock, wait, AbortSignal.any([signal, wake.signal]));
      }
    },
    failed: (failure) => {
      if (failure.kind !== "auth") return;
      say(failure);
      wake.abort();
    },
  };
}
