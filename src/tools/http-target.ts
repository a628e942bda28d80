/** URLs of the model, parsed into what is decided, shown and sent. */
import { type Result, err, ok } from "#contracts/result.ts";

export interface HttpTarget {
  readonly scheme: "http" | "https";
  /** Lower case, in its ASCII form; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** With the query, as it is sent. */
  readonly path: string;
}

const URL_CHARS_MAX = 8_192;

/** Parses a URL. A user part, another scheme and what is no URL are refused; the fragment is never sent. */
export function parseTarget(text: string): Result<HttpTarget, string> {
  if (text.length > URL_CHARS_MAX) return err("the URL is too long");
  // A parser that drops these would show another URL than the one that was asked for.
  if (/[\s\\\p{Cc}]/u.test(text)) return err("the URL holds a space, a backslash or a control character");
  if (!URL.canParse(text)) return err("this is not a complete URL (https://…)");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    return err("only https and http URLs can be used");
  if (url.username !== "" || url.password !== "") return err("a URL with a user part is refused");
  const scheme = url.protocol === "https:" ? "https" : "http";
  const port = url.port === "" ? (scheme === "https" ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (host === "" || port === 0) return err("the URL has no host or port");
  return ok({ scheme, host, port, path: `${url.pathname}${url.search}` });
}

/** `host` or `host:port`, as the Host header and people write it. */
export function authorityOf(target: HttpTarget): string {
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  const usual = target.scheme === "https" ? 443 : 80;
  return target.port === usual ? host : `${host}:${target.port}`;
}

/** The URL again. */
export function urlOf(target: HttpTarget): string {
  return `${target.scheme}://${authorityOf(target)}${target.path}`;
}
