/**
 * One call of a platform's JSON interface: a deadline, no redirects, a bounded answer, and two ways of having none.
 * What a status means is the platform's own and stands in its adapter.
 */
import type { Json } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import type { PlatformFetch } from "./platform-fetch.ts";

/** Larger than any page of events that a platform gives; an answer beyond it counts as none. */
const ANSWER_BYTES_MAX = 8 * 1_048_576;
const RETRY_AFTER_S_MAX = 86_400;
/** Error codes of the connection that say for certain that no request left. */
const UNREACHED = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ConnectionRefused",
];

export interface JsonRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** Instead of `body`, for methods that take forms (`application/x-www-form-urlencoded`). */
  readonly form?: Readonly<Record<string, string>>;
  /** Longest wait for the whole answer, in milliseconds. */
  readonly msMax: number;
  /**
   * A repetition would be seen by people: the call gets a connection of its own. On a kept one that the other side has
   * just closed, its outcome would not be known.
   */
  readonly once?: boolean;
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** `undefined` for a body that is no JSON, and for an empty one. */
  readonly value: unknown;
}

/** `unreached`: nothing was done. `unsure`: the request left, and its outcome is not known. */
export type NoAnswer = "unreached" | "unsure";

export interface JsonCallPorts {
  readonly fetch: PlatformFetch;
  readonly clock: Clock;
}

/** Calls once. `signal` ends calls that may be cut off; leave it out for those that may not. */
export async function jsonCall(
  { fetch, clock }: JsonCallPorts,
  request: JsonRequest,
  signal?: AbortSignal,
): Promise<Result<JsonAnswer, NoAnswer>> {
  const { method, url, msMax, once = false } = request;
  const late = new AbortController();
  const cancel = clock.after(msMax, () => late.abort());
  const { type, body } = bodyOf(request);
  try {
    const answer = await fetch(url, {
      method,
      headers: { ...type, ...request.headers },
      ...body,
      redirect: "error",
      keepalive: !once,
      signal: signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]),
    });
    const text = await readText(answer);
    if (text === undefined) return err("unsure");
    return ok({ status: answer.status, headers: answer.headers, value: jsonOf(text) });
  } catch (error) {
    return err(noAnswerOf(error));
  } finally {
    cancel();
  }
}

/** What is sent, and its type; nothing for a request without a body. */
function bodyOf({ body, form }: JsonRequest): {
  readonly type: Readonly<Record<string, string>>;
  readonly body: { readonly body?: string };
} {
  if (form !== undefined) {
    const type = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
    return { type, body: { body: new URLSearchParams(form).toString() } };
  }
  if (body === undefined) return { type: {}, body: {} };
  return { type: { "content-type": "application/json" }, body: { body: JSON.stringify(body) } };
}

/** Opens a file for the spool. `undefined` when it cannot be had. */
export async function openDownload(
  { fetch, clock }: JsonCallPorts,
  request: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly msMax: number;
  },
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const late = new AbortController();
  clock.after(request.msMax, () => late.abort());
  try {
    const answer = await fetch(request.url, {
      headers: request.headers,
      redirect: "error",
      signal: AbortSignal.any([late.signal, signal]),
    });
    if (answer.ok && answer.body !== null) return answer.body;
    await answer.body?.cancel();
    return undefined;
  } catch {
    return undefined; // the error's text would hold the address
  }
}

/** The header `retry-after` in milliseconds, where it says seconds; `undefined` otherwise. */
export function retryAfterMs(headers: Headers): number | undefined {
  const text = headers.get("retry-after") ?? "";
  if (!/^\d{1,6}(\.\d{1,9})?$/.test(text)) return undefined;
  return Math.ceil(Math.min(Number(text), RETRY_AFTER_S_MAX) * 1_000);
}

/** What a broken connection means for the request. */
export function noAnswerOf(error: unknown): NoAnswer {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return UNREACHED.includes(code) ? "unreached" : "unsure";
}

async function readText(answer: Response): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += piece.length;
    if (bytes > ANSWER_BYTES_MAX) return undefined; // leaving the loop cancels the body
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
