/**
 * Discord's rate limits (https://discord.com/developers/docs/topics/rate-limits): a route that Discord called empty is
 * not asked again before its time, and nothing at all is while the global limit holds. Whoever calls is told how long
 * to wait; nobody waits in here.
 */
import type { AdapterHost } from "#kit/adapter.ts";
import { flagIn, objectOf } from "#kit/json-fields.ts";
import type { JsonAnswer } from "#kit/json-call.ts";

/** Routes whose time is remembered; the earliest go first. */
const ROUTES_MAX = 2_000;
const WAIT_S_MAX = 86_400;

export interface RateGate {
  /** Milliseconds until the route may be asked; 0 now. */
  waitMs(route: string): number;
  /** Learns from an answer. `rateMs`: what a 429 asked for. */
  learn(route: string, answer: JsonAnswer, rateMs: number | undefined): void;
}

/** A gate for one token. A route is a method and a path with its channel's id: Discord counts each apart. */
export function rateGate(clock: AdapterHost["clock"]): RateGate {
  const openAt = new Map<string, number>();
  let globalAt = 0;
  const hold = (route: string, ms: number): void => {
    openAt.delete(route);
    openAt.set(route, clock.monotonic() + ms);
    for (const oldest of openAt.keys()) {
      if (openAt.size <= ROUTES_MAX) break;
      openAt.delete(oldest);
    }
  };
  return {
    waitMs: (route) => Math.max(0, Math.ceil(Math.max(openAt.get(route) ?? 0, globalAt) - clock.monotonic())),
    learn: (route, { headers, value }, rateMs) => {
      if (rateMs !== undefined) {
        const isGlobal = headers.get("x-ratelimit-global") === "true" || flagIn(objectOf(value), "global");
        if (isGlobal) globalAt = clock.monotonic() + rateMs;
        else hold(route, rateMs);
        return;
      }
      const resetS = Number(headers.get("x-ratelimit-reset-after") ?? "");
      const isEmpty = headers.get("x-ratelimit-remaining") === "0" && resetS > 0;
      if (isEmpty) hold(route, Math.ceil(Math.min(resetS, WAIT_S_MAX) * 1_000));
      else openAt.delete(route);
    },
  };
}
