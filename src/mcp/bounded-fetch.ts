/**
 * `fetch` as the SDK is given it: only to where the entry may go, never more bytes in one answer or one event than a
 * message may have, and what a refusal says about logging in kept for the login (RFC 9728, section 5.1).
 */
import { extractWWWAuthenticateParams } from "@modelcontextprotocol/sdk/client/auth.js";
import type { FetchLike } from "@modelcontextprotocol/sdk/shared/transport.js";
import { MCP_MESSAGE_BYTES_MAX } from "#contracts/mcp.ts";
import { ServerBreach } from "./stdio-transport.ts";

/** The part of Bun's fetch that is used, with the configured proxy and authorities around it. */
export type PlainFetch = (url: string, init: BunFetchRequestInit) => Promise<Response>;

/** What a server said when it wanted a login. */
export interface Challenge {
  readonly resourceMetadataUrl: URL | undefined;
  readonly scope: string | undefined;
}

export interface FetchLimits {
  /** The server's own address: plain http and loopback are for a server that is itself there. */
  readonly server: string;
  readonly onChallenge: (challenge: Challenge) => void;
  /** An answer or an event was larger than a message may be: whoever waits for it would wait in vain. */
  readonly onTooLarge: () => void;
}

const LINE_FEED = 0x0a;

/** A bounded fetch for one server. Rejects for an address that is not allowed. */
export function boundedFetch(fetch: PlainFetch, { server, onChallenge, onTooLarge }: FetchLimits): FetchLike {
  const isLocal = isLoopback(new URL(server));
  return async (address, init = {}) => {
    const url = new URL(address);
    const allowed = isLoopback(url) ? isLocal : url.protocol === "https:";
    if (!allowed || url.username !== "" || url.password !== "") throw new ServerBreach("address");
    const { body, headers, method, redirect, signal } = init;
    const response = await fetch(url.href, {
      ...(body === undefined || body === null ? {} : { body }),
      ...(headers === undefined ? {} : { headers }),
      ...(method === undefined ? {} : { method }),
      ...(signal === undefined ? {} : { signal }),
      redirect: redirect ?? "manual",
    });
    if (response.status === 401 || response.status === 403) {
      const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(response);
      onChallenge({ resourceMetadataUrl, scope });
    }
    return bounded(response, onTooLarge);
  };
}

/** The same answer with a body that fails beyond its bound: of an event stream each event is counted anew. */
function bounded(response: Response, onTooLarge: () => void): Response {
  if (response.body === null) return response;
  const isStream = (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
  let count = 0;
  const meter = new TransformStream<Uint8Array, Uint8Array>({
    transform: (piece, controller) => {
      const cut = isStream ? endOfLastEvent(piece) : 0;
      count = cut === 0 ? count + piece.byteLength : piece.byteLength - cut;
      if (count <= MCP_MESSAGE_BYTES_MAX) return controller.enqueue(piece);
      controller.error(new ServerBreach("too_large"));
      onTooLarge();
    },
  });
  const { status, statusText, headers } = response;
  const answer = new Response(response.body.pipeThrough(meter), { status, statusText, headers });
  Object.defineProperty(answer, "url", { value: response.url });
  return answer;
}

/** Where the last event ends in a piece of a stream: behind an empty line; 0 where none ends. */
function endOfLastEvent(piece: Uint8Array): number {
  for (let at = piece.length - 1; at > 0; at--) {
    if (piece[at] !== LINE_FEED) continue;
    if (piece[at - 1] === LINE_FEED || (piece[at - 1] === 0x0d && piece[at - 2] === LINE_FEED)) return at + 1;
  }
  return 0;
}

/** True for a loopback address or `localhost`. */
function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
