/** What can go wrong with a call of the Chat API, as a closed set. Google's numbers decide (AIP-193). */
import { type NoAnswer, retryAfterMs } from "#kit/json-call.ts";
import type { NoToken } from "#kit/service-token.ts";

export type ChatFailure =
  | { readonly kind: "rate"; readonly afterMs: number }
  /** The service account's key is not good, or may not do this. */
  | { readonly kind: "auth" }
  /** The app is not, or no longer, in that space. */
  | { readonly kind: "blocked" }
  | { readonly kind: "refused"; readonly code: number }
  | { readonly kind: "busy" }
  | { readonly kind: "unreached" }
  /** The request left and its outcome is not known. */
  | { readonly kind: "unsure" };

/** Google names a second a message and space (https://developers.google.com/workspace/chat/limits). */
const RATE_MS = 5_000;

/** What an answer means that is no success. */
export function failureOfAnswer(status: number, headers: Headers): ChatFailure {
  if (status === 401) return { kind: "auth" };
  if (status === 403 || status === 404) return { kind: "blocked" };
  if (status === 429) return { kind: "rate", afterMs: retryAfterMs(headers) ?? RATE_MS };
  if (status === 503) return { kind: "busy" };
  return status >= 500 ? { kind: "unsure" } : { kind: "refused", code: status };
}

/** What a connection without an answer means. */
export function failureOfConnection(none: NoAnswer): ChatFailure {
  return { kind: none };
}

/** What it means that there is no token: the call itself never left. */
export function failureOfToken(none: NoToken): ChatFailure {
  if (none === "refused") return { kind: "auth" };
  return none === "unreached" ? { kind: "unreached" } : { kind: "busy" };
}
