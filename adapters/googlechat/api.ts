/** The calls we make of the Google Chat API (https://developers.google.com/workspace/chat/api/reference/rest). */
import type { Json } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { type JsonCallPorts, jsonCall, openDownload } from "#kit/json-call.ts";
import { objectOf, textIn } from "#kit/json-fields.ts";
import type { ServiceTokens } from "#kit/service-token.ts";
import { type ChatFailure, failureOfAnswer, failureOfConnection, failureOfToken } from "./failure.ts";

const CALL_MS_MAX = 30_000;
const DOWNLOAD_MS_MAX = 120_000;
const SPACE = /^spaces\/[\w-]{1,128}$/;
const MESSAGE = /^spaces\/[\w-]{1,128}\/messages\/[\w.-]{1,256}$/;
const THREAD = /^spaces\/[\w-]{1,128}\/threads\/[\w-]{1,256}$/;
/** An opaque word of Google's; it becomes part of an address. */
const RESOURCE = /^(?!.*\.\.)[\w=+/.-]{1,2048}$/;

export interface ChatApi {
  /** Whether the key is good. */
  check(): Promise<Result<void, ChatFailure>>;
  /** Sends a message; answers its name. The same `requestId` makes one message, however often it is sent. */
  send(
    space: string,
    thread: string,
    message: Readonly<Record<string, Json>>,
    requestId: string,
  ): Promise<Result<string, ChatFailure>>;
  /** Replaces text and cards of a message. */
  edit(message: string, text: string): Promise<Result<void, ChatFailure>>;
  /** Opens a file that a person sent; `undefined` when it cannot be had. */
  openMedia(resource: string): Promise<ReadableStream<Uint8Array> | undefined>;
}

export interface ChatApiPorts extends JsonCallPorts {
  readonly tokens: ServiceTokens;
  /** Without a slash at its end. */
  readonly root: string;
  readonly signal: AbortSignal;
}

/** Builds the client of one app. */
export function chatApi(ports: ChatApiPorts): ChatApi {
  const { tokens, root, signal } = ports;
  const call = async (
    method: "GET" | "POST" | "PATCH",
    path: string,
    body: Json | undefined,
  ): Promise<Result<unknown, ChatFailure>> => {
    const token = await tokens.take();
    if (!token.ok) return err(failureOfToken(token.error));
    const headers = token.value.use((text) => ({ authorization: `Bearer ${text}` }));
    const answer = await jsonCall(ports, {
      method,
      url: `${root}/v1/${path}`,
      headers,
      ...(body === undefined ? {} : { body }),
      msMax: CALL_MS_MAX,
      once: method === "POST",
    });
    if (!answer.ok) return err(failureOfConnection(answer.error));
    if (answer.value.status === 401) tokens.drop();
    if (answer.value.status !== 200) return err(failureOfAnswer(answer.value.status, answer.value.headers));
    return answer.value.value === undefined ? err({ kind: "unsure" }) : ok(answer.value.value);
  };
  return {
    check: async () => {
      const listed = await call("GET", "spaces?pageSize=1", undefined);
      return listed.ok ? ok(undefined) : listed;
    },
    send: async (space, thread, message, requestId) => {
      if (!SPACE.test(space)) return err({ kind: "refused", code: 0 });
      const query = new URLSearchParams({ requestId });
      const isThread = THREAD.test(thread);
      if (isThread) query.set("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
      const body = { ...message, ...(isThread ? { thread: { name: thread } } : {}) };
      const sent = await call("POST", `${space}/messages?${query}`, body);
      if (!sent.ok) return sent;
      const name = textIn(objectOf(sent.value), "name");
      return MESSAGE.test(name) ? ok(name) : err({ kind: "unsure" });
    },
    edit: async (message, text) => {
      if (!MESSAGE.test(message)) return err({ kind: "refused", code: 0 });
      const edited = await call("PATCH", `${message}?updateMask=text,cardsV2`, { text, cardsV2: [] });
      return edited.ok ? ok(undefined) : edited;
    },
    openMedia: async (resource) => {
      const token = await tokens.take();
      if (!token.ok || !RESOURCE.test(resource)) return undefined;
      const headers = token.value.use((text) => ({ authorization: `Bearer ${text}` }));
      const url = `${root}/v1/media/${resource}?alt=media`;
      return await openDownload(ports, { url, headers, msMax: DOWNLOAD_MS_MAX }, signal);
    },
  };
}
