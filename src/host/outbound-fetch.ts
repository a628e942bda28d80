/**
 * The way out of this computer as `config.json` describes it (`network.proxy`, `network.ca_file`), put around fetch.
 * Loopback is never proxied: a model on this computer is not the proxy's business. Environment variables play no part.
 */
import { rootCertificates } from "node:tls";
import type { Config } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { readFileBounded } from "./files.ts";

/** Longest file of certificates: a distribution's whole bundle has about 220,000 bytes. */
export const CA_BYTES_MAX = 1_048_576;

/** The part of Bun's fetch that is used. */
export type OutboundFetch = (url: string, init: BunFetchRequestInit) => Promise<Response>;

/**
 * `fetch` over the configured proxy, trusting `authorities` (PEM, each one certificate) beside the system's own. Fails
 * with `config` when the proxy is no http(s) URL or names a password.
 */
export function outboundFetch(
  fetch: OutboundFetch,
  { proxy: configured }: Pick<Config["network"], "proxy">,
  authorities: readonly string[],
): Result<OutboundFetch, Fault> {
  const proxy = configured === undefined ? ok("") : parseProxy(configured);
  if (!proxy.ok) return proxy;
  // A list given to TLS takes the place of the system's own, so those are named too.
  const ca = authorities.length === 0 ? [] : [...rootCertificates, ...authorities];
  return ok((url, init) => {
    const { protocol, hostname } = new URL(url);
    const tls = protocol === "https:" && ca.length > 0 ? { tls: { ...init.tls, ca } } : {};
    const through = proxy.value === "" || isLoopback(hostname) ? {} : { proxy: proxy.value };
    return fetch(url, { ...init, ...tls, ...through });
  });
}

/**
 * The certificates in the file that the configuration names; none where it names none. What else stands in the file is
 * left there: its reader may pass the answer on to a role that could not read the file.
 */
export function configuredAuthorities({
  ca_file: path,
}: Config["network"]): Result<readonly string[], Fault> {
  if (path === undefined) return ok([]);
  const bytes = readFileBounded(path, CA_BYTES_MAX);
  if (!bytes.ok && bytes.error.code === "limit") {
    return fail(
      "config",
      `the file that network.ca_file names in config.json is larger than ${CA_BYTES_MAX} bytes`,
      {
        hint: "name a file with your own authorities alone; the system's are trusted anyway",
      },
    );
  }
  if (!bytes.ok) {
    return fail("config", "the file that network.ca_file names in config.json cannot be read", {
      hint: "it must be a regular file, and no link, that you can read",
    });
  }
  const found = certificatesIn(new TextDecoder().decode(bytes.value));
  if (found.length > 0) return ok(found);
  return fail("config", "the file that network.ca_file names in config.json holds no PEM certificate");
}

/** The PEM certificates in a text. */
export function certificatesIn(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
}

/** The URL of a proxy. Fails with `config` when it is no http(s) URL or names a password. */
export function parseProxy(text: string): Result<string, Fault> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return fail("config", "network.proxy in config.json must be an http or https URL");
  }
  if (url.username !== "" || url.password !== "") {
    return fail("config", "network.proxy in config.json holds a password, and no secret may stand there", {
      hint: "use a proxy that lets this computer in by its address",
    });
  }
  return ok(url.href);
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
