/**
 * What can go wrong with a call of the Cloud API, as a closed set. Meta's numbers decide; its words are never kept
 * (https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes).
 */
import { type NoAnswer, retryAfterMs } from "#kit/json-call.ts";
import { type Wild, flagIn, numberIn, objectIn, objectOf } from "#kit/json-fields.ts";

export type CloudFailure =
  /** Wait this many milliseconds. */
  | { readonly kind: "rate"; readonly afterMs: number }
  /** The token is not, or no longer, good; or it may not do this. */
  | { readonly kind: "auth"; readonly lacks: "validity" | "rights" }
  /** More than 24 hours since the person last wrote: only templates are taken. */
  | { readonly kind: "window" }
  /** This person cannot be reached: no WhatsApp, has not accepted its terms, is not on the test list. */
  | { readonly kind: "blocked" }
  /** Another refusal: nothing was done. */
  | { readonly kind: "refused"; readonly code: number }
  /** Meta is not available: nothing was done, trying again makes sense. */
  | { readonly kind: "busy" }
  /** No connection came about: nothing was done. */
  | { readonly kind: "unreached" }
  /** The request left and its outcome is not known. */
  | { readonly kind: "unsure" };

const RATE: readonly number[] = [4, 80_007, 130_429, 131_048, 131_056, 133_016];
const BLOCKED: readonly number[] = [130_472, 131_026, 131_030, 131_049, 131_050];
const BUSY: readonly number[] = [2, 131_016, 133_004];
const EXPIRED = 190;
const WINDOW = 131_047;
const NO_RIGHTS: readonly number[] = [3, 10, 131_005];
/** Meta names no wait. A pair of numbers may talk once in six seconds in the long run; the account is faster. */
const PAIR = 131_056;
const PAIR_MS = 6_000;
const RATE_MS = 5_000;

/** What an answer means that is no success. */
export function failureOfAnswer(status: number, headers: Headers, value: unknown): CloudFailure {
  const error = objectIn(objectOf(value), "error");
  const code = numberIn(error, "code");
  const known = failureOfCode(code, error);
  if (known?.kind === "rate") return { kind: "rate", afterMs: retryAfterMs(headers) ?? known.afterMs };
  if (known !== undefined) return known;
  if (status === 429) return { kind: "rate", afterMs: retryAfterMs(headers) ?? RATE_MS };
  if (status === 401) return { kind: "auth", lacks: "validity" };
  if (status >= 500 || code === 0) return { kind: "unsure" }; // something between us and Meta may have spoken
  return { kind: "refused", code };
}

/** What a number means; `undefined` for one that says nothing of its own. */
export function failureOfCode(code: number, error: Wild = {}): CloudFailure | undefined {
  if (code === EXPIRED) return { kind: "auth", lacks: "validity" };
  if (NO_RIGHTS.includes(code) || (code >= 200 && code <= 299)) return { kind: "auth", lacks: "rights" };
  if (code === WINDOW) return { kind: "window" };
  if (RATE.includes(code)) return { kind: "rate", afterMs: code === PAIR ? PAIR_MS : RATE_MS };
  if (BLOCKED.includes(code)) return { kind: "blocked" };
  if (BUSY.includes(code) || flagIn(error, "is_transient")) return { kind: "busy" };
  return undefined;
}

/** What a connection without an answer means. */
export function failureOfConnection(none: NoAnswer): CloudFailure {
  return { kind: none };
}
