/**
 * One HTTP exchange with an address that was resolved and judged before: the connection goes to that address, the
 * name stays in the Host header and in the certificate check, so that a second resolution cannot lead elsewhere.
 */
import { isIpLiteral } from "#broker/public-address.ts";
import type { HttpTarget } from "./http-target.ts";
import { authorityOf } from "./http-target.ts";

export interface HttpExchange {
  readonly method: string;
  readonly target: HttpTarget;
  /** The IP address to connect to. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** Performs an exchange; a redirect is an answer like any other. Rejects when nothing could be exchanged. */
export type HttpPort = (exchange: HttpExchange) => Promise<Response>;

/** The part of `fetch` that is used. */
export type FetchLike = (url: string, init: BunFetchRequestInit) => Promise<Response>;

/** The port over Bun's fetch. `ca`: certificates of further authorities, as PEM. */
export function fetchPort(fetch: FetchLike, ca?: string): HttpPort {
  return ({ method, target, address, headers, body, signal }) => {
    const host = address.includes(":") ? `[${address}]` : address;
    // A literal address is in the certificate itself; a name goes into SNI and the check.
    const serverName = isIpLiteral(target.host) ? {} : { serverName: target.host };
    const tls = { ...serverName, ...(ca === undefined ? {} : { ca }) };
    return fetch(`${target.scheme}://${host}:${target.port}${target.path}`, {
      method,
      headers: { ...headers, Host: authorityOf(target) },
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
      redirect: "manual",
      signal,
      ...(target.scheme === "https" ? { tls } : {}),
    });
  };
}
