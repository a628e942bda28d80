/**
 * What can go wrong with a call of a homeserver, as a closed set
 * (https://spec.matrix.org/v1.11/client-server-api/ #standard-error-response). Its code is matched and
 * never kept.
 */
import { type Wild, numberIn, objectOf, textIn } from "#kit/json-fields.ts";
import { type JsonAnswer, retryAfterMs } from "#kit/json-call.ts";

export type MatrixFailure =
  /** `M_LIMIT_EXCEEDED`: wait this many milliseconds. */
  | { readonly kind: "rate"; readonly afterMs: number }
  /** The token is not, or no longer, good. `soft`: the device is still there, and may log in again. */
  | { readonly kind: "auth"; readonly soft: boolean }
  /** Another refusal: nothing was done. */
  | { readonly kind: "refused"; readonly reason: RefusedReason }
  /** The homeserver is not available: nothing was done. */
  | { readonly kind: "busy" }
  /** No connection came about: nothing was done. */
  | { readonly kind: "unreached" }
  /** The request left and its outcome is not known. */
  | { readonly kind: "unsure" };

export type RefusedReason = "blocked" | "too_long" | "gone" | "other";

/** Wait when a homeserver says "too many" and not how long. */
const RATE_MS_DEFAULT = 5_000;
const RATE_MS_MAX = 86_400_000;

/** What an answer other than success means. */
export function failureOfAnswer({ status, headers, value }: JsonAnswer): MatrixFailure {
  const said: Wild = objectOf(value);
  const code = textIn(said, "errcode");
  if (status === 429 || code === "M_LIMIT_EXCEEDED") {
    const told = retryAfterMs(headers) ?? numberIn(said, "retry_after_ms");
    return { kind: "rate", afterMs: told > 0 ? Math.min(told, RATE_MS_MAX) : RATE_MS_DEFAULT };
  }
  if (code === "M_UNKNOWN_TOKEN" || code === "M_MISSING_TOKEN" || code === "M_USER_DEACTIVATED") {
    return { kind: "auth", soft: said["soft_logout"] === true };
  }
  if (status === 502 || status === 503) return { kind: "busy" }; // a front server without a homeserver behind it
  if (status < 400 || status >= 500) return { kind: "unsure" };
  if (status === 413 || code === "M_TOO_LARGE") return { kind: "refused", reason: "too_long" };
  if (code === "M_FORBIDDEN" || code === "M_GUEST_ACCESS_FORBIDDEN") {
    return { kind: "refused", reason: "blocked" };
  }
  return { kind: "refused", reason: code === "M_NOT_FOUND" ? "gone" : "other" };
}
