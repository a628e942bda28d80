/**
 * What can go wrong with a call to signal-cli, as a closed set (its JSON-RPC error codes: −1 user, −3 input and
 * output, −4 untrusted identity, −5 rate limit, −326xx of JSON-RPC itself). No variant carries a number, a name or its
 * words.
 */
import { isJsonObject, textMember } from "#contracts/json.ts";

export type RpcFailure =
  /** Signal asks to wait; with a challenge it wants proof of a person first. */
  | { readonly kind: "rate"; readonly afterMs: number; readonly challenge: boolean }
  /** signal-cli does not have the account, or Signal no longer accepts it. */
  | { readonly kind: "account" }
  /** The safety number of the recipient changed and was not trusted since. */
  | { readonly kind: "identity" }
  /** Nothing was sent, and will not be. */
  | { readonly kind: "refused"; readonly reason: "recipient" | "style" | "method" | "other" }
  /** Something in between has no signal-cli behind it: nothing was done. */
  | { readonly kind: "busy" }
  /** No connection came about: nothing was done. */
  | { readonly kind: "unreached" }
  /** The request left and its outcome is not known. */
  | { readonly kind: "unsure" };

/** Wait when Signal says "too many" and not how long. */
const RATE_MS_DEFAULT = 30_000;
const RATE_S_MAX = 7 * 86_400;
const ACCOUNT = /specified account does not exist|requires valid account parameter|AuthorizationFailed/i;
const RECIPIENT =
  /not registered|group not found|not a (group )?member|not allowed to send|invalid (phone )?number/i;

/** What signal-cli's error object means. Its message is matched, never kept. */
export function failureOfError(error: unknown): RpcFailure {
  if (!isJsonObject(error) || typeof error["code"] !== "number") return { kind: "unsure" };
  const code = error["code"];
  const message = textMember(error, "message");
  if (ACCOUNT.test(message)) return { kind: "account" };
  switch (code) {
    case -5:
      return rateOf(error["data"]);
    case -4:
      return { kind: "identity" };
    case -1:
      return failureOfResults(error["data"], message);
    case -32_601:
      return { kind: "refused", reason: "method" };
    case -32_600:
    case -32_602:
    case -32_700:
      return { kind: "refused", reason: "other" };
    default:
      return { kind: "unsure" }; // −3 and −32603: it may have left before it broke
  }
}

/** What an answer that is no JSON-RPC means. */
export function failureOfStatus(status: number): RpcFailure {
  if (status === 429) return { kind: "rate", afterMs: RATE_MS_DEFAULT, challenge: false };
  if (status === 503) return { kind: "busy" }; // a front server without a signal-cli behind it
  return status >= 400 && status < 500 ? { kind: "refused", reason: "other" } : { kind: "unsure" };
}

/** A send that reached nobody: per recipient, why. One that broke on the way may have arrived. */
function failureOfResults(data: unknown, message: string): RpcFailure {
  const types = resultsOf(data).map((result) => textMember(result, "type"));
  if (types.includes("NETWORK_FAILURE")) return { kind: "unsure" };
  if (types.includes("RATE_LIMIT_FAILURE")) return rateOf(data);
  if (types.includes("IDENTITY_FAILURE")) return { kind: "identity" };
  if (types.length > 0 || RECIPIENT.test(message)) return { kind: "refused", reason: "recipient" };
  return { kind: "refused", reason: /style/i.test(message) ? "style" : "other" };
}

function rateOf(data: unknown): RpcFailure {
  const results = resultsOf(data);
  const seconds = results.map((result) => Number(result["retryAfterSeconds"] ?? 0)).filter(Number.isFinite);
  const longest = Math.min(Math.max(0, ...seconds), RATE_S_MAX);
  const challenge = results.some((result) => textMember(result, "token") !== "");
  return { kind: "rate", afterMs: longest > 0 ? longest * 1_000 : RATE_MS_DEFAULT, challenge };
}

function resultsOf(data: unknown): readonly { readonly [key: string]: unknown }[] {
  const response = isJsonObject(data) ? data["response"] : undefined;
  const results = isJsonObject(response) ? response["results"] : undefined;
  return Array.isArray(results) ? results.filter(isJsonObject) : [];
}
