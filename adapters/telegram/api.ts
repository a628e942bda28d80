/**
 * The Bot API through grammY's client: the calls we make, each with a deadline, a bounded answer and a
 * closed set of failures. grammY's web build, because its Node build costs an adapter 3 MB more.
 *
 * The token is lent for the making of each address and kept by nothing else; grammY itself gets a stand-in.
 */
import { Api, GrammyError, HttpError } from "grammy/web";
import type { SecretString } from "#contracts/secret.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { AdapterHost } from "#kit/adapter.ts";
import {
  type ApiFailure,
  TransportError,
  failureOfAnswer,
  failureOfConnection,
  failureOfStatus,
} from "./failure.ts";

/** Longest wait of one poll, in seconds; Telegram allows more, proxies often do not. */
export const POLL_S = 50;
const ANSWER_BYTES_MAX = 8 * 1_048_576; // 100 updates with the longest texts stay far below
const CALL_MS_MAX = 30_000;
const POLL_MS_MAX = (POLL_S + 15) * 1_000;
const DOWNLOAD_MS_MAX = 120_000;
/**
 * Calls whose repetition a person would see. Each gets a connection of its own: a kept one that the other side has
 * just closed would leave the outcome unknown.
 */
const ONCE = ["sendMessage"];

/** `fetch` as it is passed in. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface TelegramApi {
  /** Calls a method of the Bot API. `method` and payload are grammY's types. */
  readonly raw: Api["raw"];
  /** Runs a call and turns whatever it throws into a failure. */
  attempt<T>(call: (raw: Api["raw"]) => Promise<T>): Promise<Result<T, ApiFailure>>;
  /** Opens a file by the path that `getFile` gave. */
  download(path: string): Promise<Result<ReadableStream<Uint8Array>, ApiFailure>>;
}

export interface TelegramApiPorts {
  readonly token: SecretString;
  /** Without a slash at its end. */
  readonly root: string;
  readonly fetch: Fetch;
  readonly clock: AdapterHost["clock"];
  /** Ends polls and downloads; a send that has begun is never cut off. */
  readonly signal: AbortSignal;
}

/** Builds the client. */
export function telegramApi(ports: TelegramApiPorts): TelegramApi {
  const { token, root } = ports;
  const addressOf = (kind: "bot" | "file/bot", tail: string): string =>
    token.use((text) => `${root}/${kind}${text}/${tail}`);
  const { raw } = new Api("held-elsewhere", {
    apiRoot: root,
    buildUrl: (_root: string, _token: string, method: string) => addressOf("bot", method),
    fetch: boundedFetch(ports),
  });
  return {
    raw,
    attempt: async (call) => {
      try {
        return ok(await call(raw));
      } catch (error) {
        return err(failureOf(error));
      }
    },
    download: async (path) => {
      const deadline = within(ports, DOWNLOAD_MS_MAX, true);
      try {
        const answer = await ports.fetch(addressOf("file/bot", path), {
          signal: deadline.signal,
          redirect: "error",
        });
        if (answer.ok && answer.body !== null) return ok(answer.body);
        await answer.body?.cancel();
        return err(failureOfStatus(answer.status, answer.headers.get("retry-after")));
      } catch (error) {
        return err(failureOfConnection(error));
      }
    },
  };
}

/** True for a path that stays beneath the bot's files. */
export function isFilePath(path: string): boolean {
  return /^[\w-]+(?:\/[\w.-]+)*$/.test(path) && !path.includes("..");
}

function failureOf(error: unknown): ApiFailure {
  if (error instanceof GrammyError) {
    return failureOfAnswer(error.error_code, error.description, error.parameters.retry_after);
  }
  const inner = error instanceof HttpError ? error.error : error;
  return inner instanceof TransportError ? inner.failure : { kind: "unsure" };
}

/** What grammY needs of an answer. */
interface JsonAnswer {
  json(): Promise<unknown>;
}

/**
 * A fetch for grammY: with a deadline by method, no redirects, a bounded body, and failures as
 * `TransportError`.
 */
function boundedFetch(ports: TelegramApiPorts): (url: string, init: RequestInit) => Promise<JsonAnswer> {
  return async (url, init) => {
    const method = url.slice(url.lastIndexOf("/") + 1);
    const poll = method === "getUpdates";
    const deadline = within(ports, poll ? POLL_MS_MAX : CALL_MS_MAX, poll);
    try {
      const { method: verb = "POST", headers, body } = init;
      const answer = await ports.fetch(url, {
        method: verb,
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined ? {} : { body }),
        redirect: "error",
        signal: deadline.signal,
        keepalive: !ONCE.includes(method),
      });
      const value = await readJson(answer);
      return { json: () => Promise.resolve(value) };
    } catch (error) {
      throw error instanceof TransportError ? error : new TransportError(failureOfConnection(error));
    } finally {
      deadline.cancel();
    }
  };
}

async function readJson(answer: Response): Promise<unknown> {
  const retryAfter = answer.headers.get("retry-after");
  const text = await readText(answer);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TransportError(failureOfStatus(answer.status, retryAfter));
  }
  if (!isAnswer(value)) throw new TransportError(failureOfStatus(answer.status, retryAfter));
  // Some proxies keep the header and drop the parameter.
  if (value.error_code === 429 && value.parameters?.retry_after === undefined) {
    throw new TransportError(failureOfStatus(429, retryAfter));
  }
  return value;
}

interface Answer {
  readonly ok: boolean;
  readonly error_code?: number;
  readonly parameters?: { readonly retry_after?: number };
}

function isAnswer(value: unknown): value is Answer {
  if (typeof value !== "object" || value === null || !("ok" in value)) return false;
  if (value.ok === true) return "result" in value;
  return (
    value.ok === false && "error_code" in value && typeof value.error_code === "number" && isDescribed(value)
  );
}

function isDescribed(value: object): boolean {
  return "description" in value && typeof value.description === "string";
}

async function readText(answer: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += piece.length;
    if (bytes > ANSWER_BYTES_MAX) throw new TransportError({ kind: "unsure" });
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

/** A signal that ends after `ms`, and with the adapter where `stoppable`. */
function within(
  { clock, signal }: TelegramApiPorts,
  ms: number,
  stoppable: boolean,
): { readonly signal: AbortSignal; readonly cancel: () => void } {
  const late = new AbortController();
  const cancel = clock.after(ms, () => late.abort());
  return { signal: stoppable ? AbortSignal.any([late.signal, signal]) : late.signal, cancel };
}
