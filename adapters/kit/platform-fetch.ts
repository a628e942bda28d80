/**
 * An adapter's `fetch` over the proxy and the certificates that it was handed. Loopback is never proxied: a platform's
 * server on this computer is not the proxy's business.
 */
import type { AdapterHandoff } from "./handoff.ts";

/** `fetch` as it is passed in. */
export type PlatformFetch = (url: string, init: BunFetchRequestInit) => Promise<Response>;

/** Puts the way out that the hand-off names around `fetch`; `fetch` itself where it names none. */
export function platformFetch(fetch: PlatformFetch, handoff: Pick<AdapterHandoff, "setting">): PlatformFetch {
  const proxy = handoff.setting("proxy") ?? "";
  const own = certificatesIn(handoff.setting("authorities") ?? "");
  if (proxy === "" && own.length === 0) return fetch;
  let all: Promise<readonly string[]> | undefined;
  return async (url, init) => {
    const { protocol, hostname } = new URL(url);
    const through = proxy === "" || isLoopbackHost(hostname) ? {} : { proxy };
    if (own.length === 0 || protocol !== "https:") return await fetch(url, { ...init, ...through });
    all ??= withSystems(own);
    return await fetch(url, { ...init, ...through, tls: { ca: [...(await all)] } });
  };
}

/**
 * Certificates for TLS: a list given to it takes the place of the system's own, so those are named too; loaded where
 * they are needed.
 */
export async function withSystems(own: readonly string[]): Promise<readonly string[]> {
  const { rootCertificates } = await import("node:tls");
  return [...rootCertificates, ...own];
}

/** The certificates of a PEM text. */
export function certificatesIn(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
}

/** True for the names and addresses of this computer, as a URL spells them. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
