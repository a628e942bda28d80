/**
 * The head of a request to a proxy, parsed strictly (RFC 9112): what two readers might read differently is
 * refused, so that the host which was judged is the host that answers. One request a connection; the body's
 * length is known.
 */
import { type Result, err, ok } from "#contracts/result.ts";
import type { EgressRequest, Refusal } from "./rule.ts";

export const HEAD_BYTES_MAX = 65_536;
const HEADERS_MAX = 128;

export interface RequestHead {
  readonly request: EgressRequest;
  /** As they will be sent on: without those that belong to one hop, `host` and `content-length`. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Bytes of the body that follow the head. */
  readonly bodyBytes: number;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expects: boolean;
  /** What stood in `Proxy-Authorization`, or empty. */
  readonly authorization: string;
}

/** Headers that say how one connection is used, or where the request goes: ours to write. */
const ONE_HOP =
  /^(host|connection|proxy-.*|keep-alive|te|trailer|upgrade|expect|content-length|transfer-encoding|http2-settings)$/;

/** Index just behind the empty line that ends a head, or `undefined` while it has not come. */
export function endOfHead(bytes: Uint8Array): number | undefined {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf("\r\n\r\n");
  return at === -1 ? undefined : at + 4;
}

/** Parses a whole head, its last empty line included. Total: anything unusual is a refusal. */
export function parseRequestHead(bytes: Uint8Array): Result<RequestHead, Refusal> {
  const text = Buffer.from(bytes).toString("latin1");
  if (!/^[\t\x20-\x7e\r\n]*$/.test(text)) return err("malformed");
  const [first = "", ...lines] = text.slice(0, -4).split("\r\n");
  if (lines.length > HEADERS_MAX) return err("malformed");
  const headers = lines.map(headerOf);
  const known = headers.filter((header) => header !== undefined);
  if (known.length !== headers.length) return err("malformed");
  const line = /^([A-Z]{1,16}) (\S+) HTTP\/1\.[01]$/.exec(first);
  if (line === null) return err("malformed");
  const [, method = "", target = ""] = line;
  const request = method === "CONNECT" ? tunnelOf(target) : forwardOf(method, target);
  if (request === undefined) return err("malformed");
  const values = (name: string): readonly string[] =>
    known.filter(([key]) => key === name).map(([, value]) => value);
  if (values("transfer-encoding").length > 0) return err("length");
  const lengths = values("content-length");
  const [length = "0"] = lengths;
  if (lengths.length > 1 || !/^\d{1,15}$/.test(length)) return err("malformed");
  return ok({
    request,
    headers: known.filter(([name]) => !oneHop(name, values("connection"))),
    bodyBytes: Number(length),
    expects: values("expect").some((value) => value.toLowerCase() === "100-continue"),
    authorization: values("proxy-authorization").at(0) ?? "",
  });
}

/** A lone CR or LF is a line end to some readers and none to others: no part of a header matches one. */
function headerOf(line: string): readonly [string, string] | undefined {
  const found = /^([\w!#$%&'*+.^`|~-]{1,256}):[\t ]*(.*?)[\t ]*$/.exec(line);
  return found === null ? undefined : [(found[1] ?? "").toLowerCase(), found[2] ?? ""];
}

function oneHop(name: string, connection: readonly string[]): boolean {
  const named = connection.flatMap((value) => value.toLowerCase().split(",")).map((token) => token.trim());
  return ONE_HOP.test(name) || named.includes(name);
}

function tunnelOf(target: string): EgressRequest | undefined {
  const found = /^(\[[0-9a-fA-F:.]+\]|[^:@/?#[\]\\]+):(\d{1,5})$/.exec(target);
  const port = Number(found?.[2] ?? 0);
  const host = hostOf(found?.[1] ?? "");
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return { kind: "tunnel", host, port };
}

function forwardOf(method: string, target: string): EgressRequest | undefined {
  const found = /^http:\/\/([^/?#\\@]+)([/?][^#\\]*)?$/i.exec(target);
  if (found === null || !URL.canParse(target)) return undefined;
  const { hostname, port: named, pathname, search, username } = new URL(target);
  const host = hostOf(hostname);
  const port = named === "" ? 80 : Number(named);
  if (host === undefined || username !== "" || port === 0) return undefined;
  return { kind: "forward", method, host, port, path: `${pathname}${search}` };
}

/** A host as rules hold it: the URL parser's own form, without brackets and the root's dot. */
function hostOf(text: string): string | undefined {
  const url = `http://${text}/`;
  if (text === "" || !URL.canParse(url)) return undefined;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  return host === "" ? undefined : host;
}
