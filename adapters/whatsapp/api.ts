/**
 * The calls we make of the WhatsApp Cloud API (https://developers.facebook.com/docs/whatsapp/cloud-api), each with a
 * deadline, a bounded answer and a closed set of failures. The token stands in a header alone, lent for each call, and
 * goes to the API's own servers only.
 */
import type { Json } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import { type JsonCallPorts, jsonCall, openDownload } from "#kit/json-call.ts";
import { numberIn, objectOf, objectsIn, textIn } from "#kit/json-fields.ts";
import { type CloudFailure, failureOfAnswer, failureOfConnection } from "./failure.ts";

export const API_ROOT = "https://graph.facebook.com";
export const API_VERSION = "v23.0";
const CALL_MS_MAX = 30_000;
const DOWNLOAD_MS_MAX = 120_000;
/** Where Meta keeps files that people sent; the address comes with each (`GET /<media id>`). */
const MEDIA_ORIGIN = "https://lookaside.fbsbx.com";

/** The number we speak for. */
export interface Me {
  /** With its country, digits alone behind a plus. */
  readonly number: string;
}

/** A message as the API takes it, without what every message has. */
export interface CloudMessage {
  readonly to: string;
  readonly type: "text" | "interactive" | "template";
  readonly replyTo: string;
  /** The member named as `type`. */
  readonly content: Json;
}

export interface CloudApi {
  /** Who we are. */
  me(): Promise<Result<Me, CloudFailure>>;
  /** Sends a message; answers its id (`wamid…`). */
  send(message: CloudMessage): Promise<Result<string, CloudFailure>>;
  /** Marks a message as read and shows a typing sign for 25 seconds, or until we write. */
  typing(messageId: string): Promise<Result<void, CloudFailure>>;
  /** Opens a file that a person sent; `undefined` when it cannot be had. */
  openMedia(id: string): Promise<ReadableStream<Uint8Array> | undefined>;
}

export interface CloudApiPorts extends JsonCallPorts {
  readonly token: SecretString;
  readonly phoneNumberId: string;
  /** Without a slash at its end. */
  readonly root: string;
  /** Ends downloads and questions; a send that has begun is never cut off. */
  readonly signal: AbortSignal;
}

/** Builds the client of one phone number. */
export function cloudApi(ports: CloudApiPorts): CloudApi {
  const { token, root, phoneNumberId, signal } = ports;
  const base = `${root}/${API_VERSION}`;
  const headers = (): Record<string, string> => token.use((text) => ({ authorization: `Bearer ${text}` }));
  const get = async (path: string): Promise<Result<unknown, CloudFailure>> => {
    const call = { method: "GET", url: `${base}/${path}`, headers: headers(), msMax: CALL_MS_MAX } as const;
    const answer = await jsonCall(ports, call, signal);
    return answer.ok ? valueOf(answer.value) : err(failureOfConnection(answer.error));
  };
  const post = async (body: Json, once: boolean): Promise<Result<unknown, CloudFailure>> => {
    const url = `${base}/${phoneNumberId}/messages`;
    const answer = await jsonCall(ports, {
      method: "POST",
      url,
      headers: headers(),
      body,
      msMax: CALL_MS_MAX,
      once,
    });
    return answer.ok ? valueOf(answer.value) : err(failureOfConnection(answer.error));
  };
  return {
    me: async () => {
      const found = await get(`${phoneNumberId}?fields=display_phone_number`);
      if (!found.ok) return found;
      const number = textIn(objectOf(found.value), "display_phone_number").replace(/\D/g, "");
      return number === "" ? err({ kind: "unsure" }) : ok({ number: `+${number}` });
    },
    send: async (message) => {
      const sent = await post(bodyOf(message), true);
      if (!sent.ok) return sent;
      const id = textIn(objectsIn(objectOf(sent.value), "messages")[0] ?? {}, "id");
      return id === "" ? err({ kind: "unsure" }) : ok(id);
    },
    typing: async (messageId) => {
      const body = {
        messaging_product: "whatsapp",
        status: "read",
        message_id: messageId,
        typing_indicator: { type: "text" },
      };
      const shown = await post(body, false);
      return shown.ok ? ok(undefined) : shown;
    },
    openMedia: async (id) => {
      if (!/^\d{1,32}$/.test(id)) return undefined; // it becomes part of an address
      const found = await get(`${id}?phone_number_id=${phoneNumberId}`);
      const url = found.ok ? textIn(objectOf(found.value), "url") : "";
      if (!isMediaAddress(url, root)) return undefined;
      return await openDownload(ports, { url, headers: headers(), msMax: DOWNLOAD_MS_MAX }, signal);
    },
  };
}

/** True for an address that the token may be sent to: the API's own, and for Meta's the place of its files. */
export function isMediaAddress(url: string, root: string): boolean {
  if (!URL.canParse(url)) return false;
  const { origin, username, password } = new URL(url);
  if (username !== "" || password !== "") return false;
  return origin === new URL(root).origin || (root === API_ROOT && origin === MEDIA_ORIGIN);
}

function bodyOf({ to, type, replyTo, content }: CloudMessage): Json {
  return {
    messaging_product: "whatsapp",
    recipient_type: "individual",
    to,
    type,
    ...(replyTo === "" ? {} : { context: { message_id: replyTo } }),
    [type]: content,
  };
}

function valueOf(answer: {
  readonly status: number;
  readonly headers: Headers;
  readonly value: unknown;
}): Result<unknown, CloudFailure> {
  const { status, headers, value } = answer;
  const failed = numberIn(objectOf(objectOf(value)["error"]), "code") !== 0;
  return status === 200 && value !== undefined && !failed
    ? ok(value)
    : err(failureOfAnswer(status, headers, value));
}
