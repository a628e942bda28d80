/**
 * The way out of this computer as `config.json` describes it (`network.proxy`, `network.ca_file`), put around fetch.
 * Loopback is never proxied: a model on this computer is not the proxy's business. Environment variables play no part.
 */
import { rootCertificates } from "node:tls";
import type { Config } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { readFileBounded } from "./files.ts";

const CA_BYTES_MAX = 1_048_576;

/** The part of Bun's fetch that is used. */
export type OutboundFetch = (url: string, init: BunFetchRequestInit) => Promise<Response>;

/**
 * `fetch` over the configured proxy, trusting the configured authorities beside the system's. Fails with `config` when
 * the proxy is no http(s) URL or names a password, or when the file holds no certificate.
 */
export function outboundFetch(
  fetch: OutboundFetch,
  network: Config["network"],
): Result<OutboundFetch, Fault> {
  const proxy = network.proxy === undefined ? ok("") : proxyOf(network.proxy);
  if (!proxy.ok) return proxy;
  const authorities = network.ca_file === undefined ? ok([]) : authoritiesOf(network.ca_file);
  if (!authorities.ok) return authorities;
  const ca = authorities.value;
  return ok((url, init) => {
    const { protocol, hostname } = new URL(url);
    const tls = protocol === "https:" && ca.length > 0 ? { tls: { ...init.tls, ca: [...ca] } } : {};
    const through = proxy.value === "" || isLoopback(hostname) ? {} : { proxy: proxy.value };
    return fetch(url, { ...init, ...tls, ...through });
  });
}

function proxyOf(text: string): Result<string, Fault> {
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

function authoritiesOf(path: string): Result<readonly string[], Fault> {
  const bytes = readFileBounded(path, CA_BYTES_MAX);
  if (!bytes.ok) return fail("config", "the file that network.ca_file names in config.json cannot be read");
  const text = new TextDecoder().decode(bytes.value);
  const found = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g);
  if (found === null) {
    return fail("config", "the file that network.ca_file names in config.json holds no PEM certificate");
  }
  // A list given to TLS takes the place of the system's own, so those are named too.
  return ok([...rootCertificates, ...found]);
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
