/**
 * Refusals of providers → error classes with a sentence. Outside text is capped, made visible and freed of
 * the key.
 */
import type { LlmErrorClass } from "#contracts/conversation.ts";
import { utf8Head, visibleLine } from "#contracts/visible.ts";
import { at, parsedJson, textAt } from "./json-path.ts";
import { type LlmError, llmError } from "./model.ts";

const DETAIL_BYTES_MAX = 300;
const TOO_LONG =
  /context[ _-]?(length|window|size)|maximum context|prompt is too long|too many tokens|exceeds? .{0,40}context/i;

/** Takes the secrets of this process out of a text, should one stand in it. */
export type Redact = (text: string) => string;

/** The error of a response that is not 200. */
export function errorOfStatus(
  status: number,
  body: string,
  more: { readonly where: string; readonly retryAfterMs: number; readonly redact: Redact },
): LlmError {
  const detail = detailOf(body);
  const errorClass = classOfStatus(status, detail, codeOf(body));
  const { where, retryAfterMs } = more;
  // A provider's text about a refused key tends to repeat parts of it.
  const tail = errorClass === "auth" || detail === "" ? "" : `: ${shown(detail, more.redact)}`;
  return llmError(errorClass, `${where} answered ${status}${tail}`, { status, retryAfterMs });
}

/** The error that a provider reports inside a stream which began with 200. It may quote the key, like any refusal. */
export function errorInStream(value: unknown, where: string, redact: Redact): LlmError {
  const code = textAt(value, "error", "type") || textAt(value, "error", "code");
  const detail = textAt(value, "error", "message") || textAt(value, "error") || code;
  const errorClass: LlmErrorClass = TOO_LONG.test(detail) ? "context_too_long" : classOfCode(code);
  return llmError(errorClass, `${where} broke off: ${shown(detail, redact)}`);
}

function classOfStatus(status: number, detail: string, code: string): LlmErrorClass {
  if (status === 401 || status === 403) return "auth";
  if (status === 404) return "not_found";
  if (status === 408) return "timeout";
  if (status === 429) return "rate_limited";
  if (status === 503 || status === 529) return "overloaded";
  if (status >= 500) return "server";
  if (status === 413 || TOO_LONG.test(detail) || code === "context_length_exceeded")
    return "context_too_long";
  return status >= 400 ? "bad_request" : "protocol";
}

function classOfCode(code: string): LlmErrorClass {
  if (/overloaded/.test(code)) return "overloaded";
  if (/rate_limit|insufficient_quota/.test(code)) return "rate_limited";
  if (/authentication|permission|api_key/.test(code)) return "auth";
  if (/context_length/.test(code)) return "context_too_long";
  if (/not_found/.test(code)) return "not_found";
  if (/timeout/.test(code)) return "timeout";
  return /invalid_request/.test(code) ? "bad_request" : "server";
}

function codeOf(body: string): string {
  return textAt(parsedJson(body), "error", "code");
}

function detailOf(body: string): string {
  const value = parsedJson(body);
  if (value === undefined) return body.trim();
  const error = at(value, "error");
  return textAt(error, "message") || (typeof error === "string" ? error : "") || textAt(value, "message");
}

function shown(text: string, redact: Redact): string {
  const line = visibleLine(redact(text));
  const head = utf8Head(line, DETAIL_BYTES_MAX);
  return head === line ? line : `${head}…`;
}
