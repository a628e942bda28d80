/**
 * Discord's HTTP interface, version 10: the few calls we make, each with a deadline, a bounded answer, its rate limit
 * and a closed set of failures. The token is lent for each request's header and kept by nothing else.
 */
import { VERSION } from "#contracts/version.ts";
import type { Json } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { AdapterHost } from "#kit/adapter.ts";
import { type JsonRequest, jsonCall, openDownload } from "#kit/json-call.ts";
import type { PlatformFetch } from "#kit/platform-fetch.ts";
import { type ApiFailure, failureOfAnswer } from "./failure.ts";
import { type RateGate, rateGate } from "./rate-gate.ts";

const CALL_MS_MAX = 30_000;
const DOWNLOAD_MS_MAX = 120_000;
/** Where Discord keeps files (https://discord.com/developers/docs/reference#cdn-formatting). */
const FILE_HOSTS: readonly string[] = ["cdn.discordapp.com", "media.discordapp.net"];
/** A form that Discord asks of programs; the address is only a name here. */
const AGENT = `DiscordBot (https://wirken.invalid, ${VERSION})`;

export interface DiscordApi {
  /** The base URL, without a slash at its end. */
  readonly root: string;
  /** Calls `path`, which begins with a slash. `body`: JSON, or none. */
  call(method: JsonRequest["method"], path: string, body?: Json): Promise<Result<unknown, ApiFailure>>;
  /** Opens a file that a message names. `undefined` when it cannot be had, or is not Discord's. */
  download(url: string): Promise<ReadableStream<Uint8Array> | undefined>;
}

export interface DiscordApiPorts {
  readonly token: SecretString;
  readonly root: string;
  readonly fetch: PlatformFetch;
  readonly clock: AdapterHost["clock"];
  /** Ends downloads; a call that has begun is never cut off. */
  readonly signal: AbortSignal;
}

/** Builds the client. */
export function discordApi(ports: DiscordApiPorts): DiscordApi {
  const gate: RateGate = rateGate(ports.clock);
  return {
    root: ports.root,
    call: async (method, path, body) => {
      const route = `${method} ${path.split("?")[0] ?? ""}`;
      const waitMs = gate.waitMs(route);
      if (waitMs > 0) return err({ kind: "rate", afterMs: waitMs });
      const answer = await ports.token.use((token) =>
        jsonCall(ports, {
          method,
          url: ports.root + path,
          headers: { authorization: `Bot ${token}`, "user-agent": AGENT },
          ...(body === undefined ? {} : { body }),
          msMax: CALL_MS_MAX,
          once: method === "POST",
        }),
      );
      if (!answer.ok) return err({ kind: answer.error });
      const failure = failureOfAnswer(answer.value);
      gate.learn(route, answer.value, failure?.kind === "rate" ? failure.afterMs : undefined);
      return failure === undefined ? ok(answer.value.value) : err(failure);
    },
    download: async (url) => {
      if (!isFileUrl(url, ports.root)) return undefined;
      // Without the token: a file's address is its own key.
      const request = { url, headers: { "user-agent": AGENT }, msMax: DOWNLOAD_MS_MAX };
      return await openDownload(ports, request, ports.signal);
    },
  };
}

/** True for an address of Discord's file servers, or of the server that the operator chose. */
export function isFileUrl(text: string, root: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return false;
  if (url.protocol === "https:" && url.port === "" && FILE_HOSTS.includes(url.hostname)) return true;
  return url.origin === new URL(root).origin && new URL(root).hostname !== "discord.com";
}
