/**
 * How the account is doing, as one sentence for the operator: told from what each call comes to, so that a number that
 * Signal no longer accepts, a proof that it wants, or a changed safety number is seen the moment it matters.
 */
import { unreachable } from "#contracts/result.ts";
import type { AdapterHost } from "#kit/adapter.ts";
import { pause } from "#kit/pause.ts";
import type { RpcFailure } from "./failure.ts";
import type { SignalRpc } from "./rpc.ts";

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
const UNTRUSTED =
  "a person's safety number changed: compare it with them, then `signal-cli trust`, or they are not reached";

export interface Health {
  /** The client, watched. */
  readonly rpc: SignalRpc;
  /** All is well. */
  well(): void;
  /** The connection gave a sign of life. */
  alive(): void;
  /** A message of somebody whose safety number changed could not be read. */
  untrusted(): void;
  /** The connection failed: reports it and waits before the next try. */
  meet(failure: RpcFailure, signal: AbortSignal): Promise<void>;
}

/** Watches a client. */
export function healthOf(host: AdapterHost, account: string, bare: SignalRpc): Health {
  const waits = host.backoff(RETRY_MS_MIN, RETRY_MS_MAX);
  const well = (): void => host.report("ready", `@${masked(account)}`);
  const rpc: SignalRpc = {
    ...bare,
    call: async (method, params, once) => {
      const answer = await bare.call(method, params, once);
      if (method !== "send") return answer;
      if (answer.ok) well();
      else reportSend(host, answer.error);
      return answer;
    },
  };
  return {
    rpc,
    well,
    alive: () => waits.reset(),
    untrusted: () => host.report("degraded", UNTRUSTED),
    meet: async (failure, signal) => {
      if (signal.aborted) return;
      const wait = failure.kind === "account" ? RETRY_MS_MAX : waits.next();
      if (failure.kind === "refused") {
        host.report(
          "degraded",
          "this is not how signal-cli answers: start it with `daemon --http` and without -a",
        );
      } else if (!reportSend(host, failure)) {
        host.report("degraded", "signal-cli does not answer");
      }
      await pause(host.clock, wait, signal);
    },
  };
}

/** Reports what a call came to where it says something about the account. */
function reportSend(host: AdapterHost, failure: RpcFailure): boolean {
  switch (failure.kind) {
    case "account":
      host.report("rejected", "signal-cli does not have the account, or Signal no longer accepts it");
      return true;
    case "identity":
      host.report("degraded", UNTRUSTED);
      return true;
    case "rate":
      if (failure.challenge) {
        host.report(
          "rejected",
          "Signal wants proof of a person before more is sent: `signal-cli submitRateLimitChallenge`",
        );
      } else host.report("degraded", "Signal asks to slow down");
      return true;
    case "refused":
    case "busy":
    case "unreached":
    case "unsure":
      return false;
    default:
      return unreachable(failure);
  }
}

/** Enough to know one's own number by, for a place that others may read. */
function masked(account: string): string {
  return `${account.slice(0, 3)}…${account.slice(-2)}`;
}
