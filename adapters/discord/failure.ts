/**
 * What can go wrong with a call of Discord's interface, as a closed set
 * (https://discord.com/developers/docs/topics/opcodes-and-status-codes). No variant carries an address or their words.
 */
import type { JsonAnswer } from "#kit/json-call.ts";
import { retryAfterMs } from "#kit/json-call.ts";
import { numberIn, objectOf } from "#kit/json-fields.ts";
import type { FailureCode, SendOutcome } from "#kit/adapter.ts";

export type ApiFailure =
  /** 429, or a bucket that we know to be empty: wait this many milliseconds. */
  | { readonly kind: "rate"; readonly afterMs: number }
  /** 401: the token is not (or no longer) good. */
  | { readonly kind: "auth" }
  /** Another refusal of Discord: nothing was done. */
  | { readonly kind: "refused"; readonly status: number; readonly code: FailureCode }
  /** Discord is overloaded. It may have been done: only what Discord drops when repeated is tried again. */
  | { readonly kind: "busy" }
  /** No connection came about: nothing was done. */
  | { readonly kind: "unreached" }
  /** The request left and its outcome is not known. */
  | { readonly kind: "unsure" };

/** Wait when Discord says "too many" and not how long. */
const RATE_MS_DEFAULT = 5_000;
const RATE_MS_MAX = 86_400_000;
/** Missing access, missing permissions, "cannot send messages to this user", archived or locked thread. */
const BLOCKED: readonly number[] = [50_001, 50_007, 50_013, 50_083, 40_001, 160_005];
const TOO_LARGE: readonly number[] = [40_005, 50_006];

/** The failure that an answer is; `undefined` for one that is none. */
export function failureOfAnswer({ status, headers, value }: JsonAnswer): ApiFailure | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status === 429) return { kind: "rate", afterMs: rateMs(headers, value) };
  if (status === 401) return { kind: "auth" };
  if (status >= 500) return { kind: "busy" };
  const code = numberIn(objectOf(value), "code");
  return { kind: "refused", status, code: codeOf(code) };
}

/** What a failure means for a message that carries a nonce, so that Discord drops its repetition. */
export function outcomeOf(failure: ApiFailure): SendOutcome {
  switch (failure.kind) {
    case "rate":
      return { kind: "later", afterMs: failure.afterMs };
    case "busy":
    case "unreached":
      return { kind: "retry" };
    case "unsure":
      return { kind: "unknown" };
    case "auth":
      return { kind: "failed", code: "auth" };
    case "refused":
      return { kind: "failed", code: failure.code };
  }
}

/** The body says it in seconds with a fraction; what stands between Discord and us says it in the header alone. */
function rateMs(headers: Headers, value: unknown): number {
  const seconds = objectOf(value)["retry_after"];
  const known = typeof seconds === "number" && Number.isFinite(seconds) && seconds >= 0;
  const ms = known ? Math.ceil(seconds * 1_000) : (retryAfterMs(headers) ?? RATE_MS_DEFAULT);
  return Math.min(ms, RATE_MS_MAX);
}

function codeOf(code: number): FailureCode {
  if (BLOCKED.includes(code)) return "blocked";
  return TOO_LARGE.includes(code) ? "too_long" : "rejected";
}
