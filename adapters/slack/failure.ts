/**
 * What can go wrong with a call of Slack's Web API, as a closed set. Slack answers refusals with status 200
 * and `"ok":false`; its word for the reason is matched and never kept (https://docs.slack.dev/apis/web-api).
 */
export type SlackFailure =
  /** 429, or `ratelimited`: wait this many milliseconds. */
  | { readonly kind: "rate"; readonly afterMs: number }
  /** The token is not, or no longer, good. */
  | { readonly kind: "auth" }
  /** Another refusal of Slack: nothing was done. */
  | { readonly kind: "refused"; readonly reason: RefusedReason }
  /** Slack is not available: nothing was done, trying again makes sense. */
  | { readonly kind: "busy" }
  /** No connection came about: nothing was done. */
  | { readonly kind: "unreached" }
  /** The request left and its outcome is not known: cut, timed out, or failed within Slack. */
  | { readonly kind: "unsure" };

export type RefusedReason = "markup" | "too_long" | "blocked" | "gone" | "scope" | "off" | "other";

/** Wait when Slack says "too many" and not how long. */
const RATE_MS_DEFAULT = 5_000;

const AUTH = [
  "invalid_auth",
  "not_authed",
  "account_inactive",
  "token_revoked",
  "token_expired",
  "user_removed_from_team",
  "team_access_not_granted",
];
const REASONS: { readonly [word: string]: RefusedReason } = {
  invalid_blocks: "markup",
  invalid_blocks_format: "markup",
  msg_too_long: "too_long",
  msg_blocks_too_long: "too_long",
  not_in_channel: "blocked",
  channel_not_found: "blocked",
  is_archived: "blocked",
  user_disabled: "blocked",
  messages_tab_disabled: "blocked",
  restricted_action: "blocked",
  restricted_action_thread_only_channel: "blocked",
  restricted_action_non_threadable_channel: "blocked",
  message_not_found: "gone",
  cant_update_message: "gone",
  edit_window_closed: "gone",
  thread_not_found: "gone",
  missing_scope: "scope",
  not_allowed_token_type: "scope",
  no_permission: "scope",
  forbidden_team: "scope",
  link_disabled: "off",
};

/**
 * What an answer with `"ok":false` means.
 * @param word Slack's `error`
 * @param retryMs the header `retry-after`, where there was one
 */
export function failureOfWord(word: string, retryMs: number | undefined): SlackFailure {
  if (word === "ratelimited" || word === "rate_limited") return rateFailure(retryMs);
  if (AUTH.includes(word)) return { kind: "auth" };
  if (word === "service_unavailable" || word === "team_added_to_org") return { kind: "busy" };
  // Of these Slack says that a part of the call may have been done.
  if (word === "internal_error" || word === "fatal_error" || word === "request_timeout")
    return { kind: "unsure" };
  return { kind: "refused", reason: (Object.hasOwn(REASONS, word) ? REASONS[word] : undefined) ?? "other" };
}

/** What an answer means that is not Slack's JSON. */
export function failureOfStatus(status: number, retryMs: number | undefined): SlackFailure {
  return status === 429 ? rateFailure(retryMs) : { kind: "unsure" };
}

function rateFailure(retryMs: number | undefined): SlackFailure {
  return { kind: "rate", afterMs: retryMs ?? RATE_MS_DEFAULT };
}
