/**
 * Slack's Web API as far as we call it: JSON where a method takes it, a form where it does not, one deadline,
 * one closed set of failures. The token is lent for the making of each header and kept by nothing else.
 */
import { type Json, type JsonObject, isJsonObject, textMember } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { AdapterHost } from "#kit/adapter.ts";
import { type JsonRequest, jsonCall, openDownload, retryAfterMs } from "#kit/json-call.ts";
import type { PlatformFetch } from "#kit/platform-fetch.ts";
import { type SlackFailure, failureOfStatus, failureOfWord } from "./failure.ts";

const CALL_MS_MAX = 30_000;
const DOWNLOAD_MS_MAX = 120_000;

export type SlackAnswer = Result<JsonObject, SlackFailure>;

export interface SlackApi {
  /** Calls a method that takes JSON. `once`: people would see a repetition. */
  post(method: string, body: { readonly [key: string]: Json }, once?: boolean): Promise<SlackAnswer>;
  /** Asks a method that takes its parameters as a form; ends with the adapter. */
  ask(method: string, form: Readonly<Record<string, string>>): Promise<SlackAnswer>;
  /** Opens a file of Slack. `undefined` when it cannot be had, or lies elsewhere. */
  download(url: string): Promise<ReadableStream<Uint8Array> | undefined>;
}

export interface SlackApiPorts {
  readonly token: SecretString;
  /** Without a slash at its end; the method's name follows. */
  readonly root: string;
  readonly fetch: PlatformFetch;
  readonly clock: AdapterHost["clock"];
  /** Ends questions and downloads; a send that has begun is never cut off. */
  readonly signal: AbortSignal;
  /** The token was refused. */
  readonly onRefused: () => void;
}

/** Builds the client of one token. */
export function slackApi(ports: SlackApiPorts): SlackApi {
  const { token, root, signal } = ports;
  const headers = (): Readonly<Record<string, string>> =>
    token.use((text) => ({ authorization: `Bearer ${text}` }));
  const run = async (
    method: string,
    request: Pick<JsonRequest, "body" | "form" | "once">,
    until?: AbortSignal,
  ): Promise<SlackAnswer> => {
    const json = request.body === undefined ? {} : { "content-type": "application/json; charset=utf-8" };
    const all = { method: "POST", url: `${root}/${method}`, msMax: CALL_MS_MAX } as const;
    const answer = await jsonCall(ports, { ...all, ...request, headers: { ...headers(), ...json } }, until);
    if (!answer.ok) return err({ kind: answer.error });
    const { status, value } = answer.value;
    const retryMs = retryAfterMs(answer.value.headers);
    if (status === 429 || !isJsonObject(value)) return err(failureOfStatus(status, retryMs));
    if (value["ok"] === true) return ok(value);
    const failure = failureOfWord(textMember(value, "error"), retryMs);
    if (failure.kind === "auth") ports.onRefused();
    return err(failure);
  };
  return {
    post: (method, body, once = false) => run(method, { body, once }),
    ask: (method, form) => run(method, { form }, signal),
    download: async (url) => {
      if (!isSlackFile(url, root)) return undefined; // the header holds the token
      return await openDownload(ports, { url, headers: headers(), msMax: DOWNLOAD_MS_MAX }, signal);
    },
  };
}

/**
 * True for an address that the token may be sent to: Slack's file server, or the server that the operator
 * named.
 */
export function isSlackFile(url: string, root: string): boolean {
  if (!URL.canParse(url)) return false;
  const { origin, hostname, protocol } = new URL(url);
  if (origin === new URL(root).origin) return true;
  return new URL(root).hostname === "slack.com" && protocol === "https:" && hostname === "files.slack.com";
}

/**
 * True for an address that `apps.connections.open` may send us to: Slack's sockets, or the operator's own
 * server.
 */
export function isSlackSocket(url: string, root: string): boolean {
  if (!URL.canParse(url)) return false;
  const base = new URL(root);
  const { host, hostname, protocol } = new URL(url);
  if (protocol === "wss:" && base.hostname === "slack.com") return /^[a-z0-9-]+\.slack\.com$/.test(hostname);
  return host === base.host && protocol === (base.protocol === "https:" ? "wss:" : "ws:");
}
