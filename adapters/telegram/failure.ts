/**
 * What can go wrong with a call to the Bot API, as a closed set. No variant carries an address: it holds the
 * token.
 */
export type ApiFailure =
  /** 429: wait this many milliseconds. */
  | { readonly kind: "rate"; readonly afterMs: number }
  /** 401, or 404 for a token of the wrong shape: the token is not (or no longer) good. */
  | { readonly kind: "auth" }
  /** 409: another program polls with this token, or a webhook is set. */
  | { readonly kind: "conflict"; readonly webhook: boolean }
  /** Another refusal of Telegram: nothing was done. */
  | { readonly kind: "refused"; readonly code: number; readonly reason: RefusedReason }
  /** 500 or 503 by Telegram itself: nothing was done, trying again makes sense. */
  | { readonly kind: "busy" }
  /** No connection came about: nothing was done. */
  | { readonly kind: "unreached" }
  /** The request left and its outcome is not known: cut, timed out, or answered by something between. */
  | { readonly kind: "unsure" };

export type RefusedReason = "markup" | "too_long" | "blocked" | "unchanged" | "gone" | "other";

/** Error text of the connection that says for certain that no request left. */
const UNREACHED = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ConnectionRefused",
];
/** Wait when Telegram says "too many" and not how long. */
const RATE_MS_DEFAULT = 5_000;

/** A failure on its way through grammY, which passes thrown values on. */
export class TransportError extends Error {
  readonly failure: ApiFailure;
  constructor(failure: ApiFailure) {
    super(`transport: ${failure.kind}`);
    this.name = "TransportError";
    this.failure = failure;
  }
}

/** What Telegram's own error answer means. `description` is matched, never kept. */
export function failureOfAnswer(
  code: number,
  description: string,
  retryAfterS: number | undefined,
): ApiFailure {
  if (code === 429) return rateFailure(retryAfterS);
  if (code === 401 || (code === 404 && description === "Not Found")) return { kind: "auth" };
  if (code === 409) return { kind: "conflict", webhook: /webhook/i.test(description) };
  if (code === 500 || code === 503) return { kind: "busy" };
  if (code >= 500) return { kind: "unsure" }; // a gateway in between: the request may have gone through
  return { kind: "refused", code, reason: reasonOf(code, description) };
}

/** What an answer that is not Telegram's JSON means. */
export function failureOfStatus(status: number, retryAfter: string | null): ApiFailure {
  if (status === 429) return rateFailure(/^\d{1,6}$/.test(retryAfter ?? "") ? Number(retryAfter) : undefined);
  return { kind: "unsure" };
}

/** What a broken connection means. */
export function failureOfConnection(error: unknown): ApiFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return { kind: UNREACHED.includes(code) ? "unreached" : "unsure" };
}

function rateFailure(seconds: number | undefined): ApiFailure {
  const known = seconds !== undefined && Number.isFinite(seconds) && seconds >= 0;
  return { kind: "rate", afterMs: known ? Math.ceil(seconds * 1_000) : RATE_MS_DEFAULT };
}

function reasonOf(code: number, description: string): RefusedReason {
  if (/can't parse entities|unsupported start tag|entit/i.test(description)) return "markup";
  if (/too long/i.test(description)) return "too_long";
  if (/not modified/i.test(description)) return "unchanged";
  if (code === 403) return "blocked";
  if (/not found|can't be edited/i.test(description)) return "gone";
  return "other";
}
