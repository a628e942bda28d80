/**
 * The client-server API (https://spec.matrix.org/v1.11/client-server-api/): the calls that the adapter
 * makes, each with a deadline, a bounded answer and a closed set of failures. The token is lent for each
 * header, kept by nothing else.
 */
import type { Json } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { AdapterHost } from "#kit/adapter.ts";
import { type JsonRequest, jsonCall, openDownload } from "#kit/json-call.ts";
import { type Wild, flagIn, objectIn, objectOf } from "#kit/json-fields.ts";
import type { PlatformFetch } from "#kit/platform-fetch.ts";
import { type MatrixFailure, failureOfAnswer } from "./failure.ts";
import { mediaPath } from "./ids.ts";

/** Longest wait of one sync at the homeserver, in milliseconds. */
export const SYNC_MS = 30_000;
const SYNC_MS_MAX = SYNC_MS + 30_000;
const CALL_MS_MAX = 30_000;
const DOWNLOAD_MS_MAX = 120_000;
/** Media behind the token: since Matrix 1.11, and earlier under this name. */
const MEDIA_VERSION = /^v(?:1\.(?:1[1-9]|[2-9]\d)|[2-9]\d*\.\d+)$/;
const MEDIA_FEATURE = "org.matrix.msc3916.stable";

export type Answer = Result<Wild, MatrixFailure>;

export interface MatrixApi {
  get(path: string): Promise<Answer>;
  /** A path that ends in a transaction id is safe to repeat: the homeserver answers with the first event. */
  put(path: string, body: Json): Promise<Answer>;
  post(path: string, body: Json): Promise<Answer>;
  /** Waits for news after `since`; empty for the first time. */
  sync(since: string, waitMs: number): Promise<Answer>;
  /** Opens a file by its `mxc:` address. `undefined` when it cannot be had. */
  file(address: string): Promise<ReadableStream<Uint8Array> | undefined>;
}

export interface MatrixApiPorts {
  readonly token: SecretString;
  /** Without a slash at its end. */
  readonly root: string;
  readonly fetch: PlatformFetch;
  readonly clock: AdapterHost["clock"];
  /** Ends syncs and downloads; a send that has begun is never cut off. */
  readonly signal: AbortSignal;
}

/**
 * What we ask of a sync: messages, reactions, who comes and goes, what is encrypted. Nothing else is sent
 * to us.
 */
const FILTER = JSON.stringify({
  presence: { types: [] },
  account_data: { types: [] },
  room: {
    account_data: { types: [] },
    ephemeral: { types: [] },
    state: { types: ["m.room.encryption"], lazy_load_members: true },
    timeline: {
      limit: 100,
      types: ["m.room.message", "m.reaction", "m.room.encrypted", "m.room.encryption", "m.room.member"],
    },
  },
});

/** Builds the client. */
export function matrixApi(ports: MatrixApiPorts): MatrixApi {
  const { token, root, signal } = ports;
  const headers = () => ({ authorization: token.use((text) => `Bearer ${text}`) });
  const call = async (
    method: JsonRequest["method"],
    path: string,
    more: { readonly body?: Json; readonly msMax?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Answer> => {
    const { body, msMax = CALL_MS_MAX } = more;
    const request = { method, url: `${root}/_matrix/client/${path}`, headers: headers(), msMax };
    const answer = await jsonCall(ports, body === undefined ? request : { ...request, body }, more.signal);
    if (!answer.ok) return err({ kind: answer.error });
    if (answer.value.status !== 200) return err(failureOfAnswer(answer.value));
    return answer.value.value === undefined ? err({ kind: "unsure" }) : ok(objectOf(answer.value.value));
  };
  let behindToken: Promise<boolean> | undefined;
  return {
    get: (path) => call("GET", path),
    put: (path, body) => call("PUT", path, { body }),
    post: (path, body) => call("POST", path, { body }),
    sync: (since, waitMs) => {
      const query = new URLSearchParams({ filter: FILTER, timeout: String(waitMs), set_presence: "offline" });
      if (since !== "") query.set("since", since);
      return call("GET", `v3/sync?${query.toString()}`, { msMax: SYNC_MS_MAX, signal });
    },
    file: async (address) => {
      const path = mediaPath(address);
      if (path === undefined) return undefined;
      behindToken ??= call("GET", "versions").then((answer) => answer.ok && hasTokenMedia(answer.value));
      const isBehind = await behindToken;
      const url = isBehind
        ? `${root}/_matrix/client/v1/media/download/${path}`
        : `${root}/_matrix/media/v3/download/${path}`;
      return await openDownload(
        ports,
        { url, headers: isBehind ? headers() : {}, msMax: DOWNLOAD_MS_MAX },
        signal,
      );
    },
  };
}

function hasTokenMedia(said: Wild): boolean {
  const versions: readonly unknown[] = Array.isArray(said["versions"]) ? said["versions"] : [];
  const isNamed = versions.some((version) => typeof version === "string" && MEDIA_VERSION.test(version));
  return isNamed || flagIn(objectIn(said, "unstable_features"), MEDIA_FEATURE);
}

/** A path of a room. */
export function roomPath(room: string, tail: string): string {
  return `v3/rooms/${encodeURIComponent(room)}/${tail}`;
}
