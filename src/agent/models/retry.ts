/**
 * When a request is sent again: before its first event only, for errors that time can heal, a bounded
 * number of times. What the provider asks us to wait is honoured (RFC 9110 section 10.2.3, seconds or a
 * date); a wait that is longer than a person would sit through ends the request with that time named.
 */
import type { LlmErrorClass } from "#contracts/conversation.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { Random } from "#runtime/random.ts";
import type { LlmError } from "./model.ts";

const FIRST_WAIT_MS = 500;

const HEALS = {
  auth: false,
  rate_limited: true,
  overloaded: true,
  bad_request: false,
  context_too_long: false,
  not_found: false,
  network: true,
  timeout: false,
  cut_stream: false,
  protocol: false,
  too_large: false,
  server: true,
} as const satisfies Record<LlmErrorClass, boolean>;

/**
 * Milliseconds to wait before the next attempt, or `undefined` to give up.
 * @param attempt how often the request was sent so far, from 1
 */
export function retryWait(error: LlmError, attempt: number, random: Random): number | undefined {
  if (!HEALS[error.class] || attempt >= LIMITS.model_attempts_max) return undefined;
  if (error.retryAfterMs > LIMITS.model_retry_ms_max) return undefined;
  const backoff = FIRST_WAIT_MS * 2 ** (attempt - 1) * (1 + random.unit());
  // Jitter goes on top of what was asked: many clients that wait the same time would come back together.
  return Math.round(
    Math.max(backoff, error.retryAfterMs + (error.retryAfterMs > 0 ? random.unit() * 250 : 0)),
  );
}

/**
 * Milliseconds that a `Retry-After` header asks for; -1 where it is missing or neither seconds nor a date.
 */
export function parseRetryAfter(header: string | null, nowMs: number): number {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}(\.\d{1,3})?$/.test(text)) return Math.ceil(Number(text) * 1_000);
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return -1;
  const at = Date.parse(text);
  return Number.isNaN(at) ? -1 : Math.max(0, at - nowMs);
}
