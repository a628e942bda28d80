/** The way out of an adapter: proxied where it is outside, with the operator's certificates beside the system's. */
import { expect, test } from "bun:test";
import { platformFetch } from "./platform-fetch.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";

function world(settings: Readonly<Record<string, string>>) {
  const seen: BunFetchRequestInit[] = [];
  const base = (_: string, init: BunFetchRequestInit): Promise<Response> => {
    seen.push(init);
    return Promise.resolve(new Response("ok"));
  };
  return { seen, base, fetch: platformFetch(base, { setting: (name) => settings[name] }) };
}

test("platformFetch is the fetch itself where nothing is configured", () => {
  const { base, fetch } = world({});
  expect(fetch).toBe(base);
});

test("platformFetch proxies what is outside and never loopback", async () => {
  const { seen, fetch } = world({ proxy: "http://proxy.example:3128/" });
  await fetch("https://api.telegram.org/x", { method: "POST" });
  for (const host of ["127.0.0.1:8081", "localhost", "[::1]"]) await fetch(`http://${host}/x`, {});
  expect(seen).toEqual([{ method: "POST", proxy: "http://proxy.example:3128/" }, {}, {}, {}]);
});

test("platformFetch adds the operator's certificates to the system's", async () => {
  const { seen, fetch } = world({ authorities: PEM });
  await fetch("https://api.telegram.org/x", {});
  const ca = seen[0]?.tls?.ca;
  expect(Array.isArray(ca) && ca.length > 50 && ca.at(-1) === PEM).toBe(true);
});
