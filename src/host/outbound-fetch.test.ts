import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { configuredAuthorities, outboundFetch } from "./outbound-fetch.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "wk-out-"));
afterAll(() => rmSync(FOLDER, { recursive: true }));

const PEM = rootCertificates[0] ?? "";

/** What the runtime's fetch is given for a request. */
async function given(
  network: { proxy?: string; ca_file?: string },
  url: string,
  init: BunFetchRequestInit = {},
) {
  let seen: BunFetchRequestInit | undefined;
  const authorities = configuredAuthorities(network);
  if (!authorities.ok) return authorities.error.message;
  const fetch = async (_: string, passed: BunFetchRequestInit): Promise<Response> => {
    seen = passed;
    return new Response();
  };
  const made = outboundFetch(fetch, network, authorities.value);
  if (!made.ok) return made.error.message;
  await made.value(url, init);
  return seen;
}

test("outboundFetch changes nothing where nothing is configured", async () => {
  expect(await given({}, "https://api.example.com/v1", { method: "POST" })).toEqual({ method: "POST" });
});

test("outboundFetch sends everything but loopback over the proxy", async () => {
  const network = { proxy: "http://proxy.example:3128" };
  const proxied = { proxy: "http://proxy.example:3128/" };
  expect(await given(network, "https://api.example.com/v1")).toEqual(proxied);
  expect(await given(network, "http://203.0.113.9/")).toEqual(proxied);
  for (const local of [
    "http://127.0.0.1:11434/",
    "http://localhost:1/",
    "https://[::1]:2/",
    "http://127.1.2.3/",
  ])
    expect(await given(network, local)).toEqual({});
  // A name that only begins like loopback is not loopback.
  expect(await given(network, "http://127.0.0.1.example.com/")).toEqual(proxied);
});

test("outboundFetch trusts the file's authorities beside the system's, and keeps the server's name", async () => {
  const path = join(FOLDER, "ca.pem");
  writeFileSync(path, `a remark\n${PEM}\n${PEM}\n`);
  const seen = await given({ ca_file: path }, "https://192.0.2.1/", { tls: { serverName: "a.example" } });
  expect(seen).toEqual({ tls: { serverName: "a.example", ca: [...rootCertificates, PEM, PEM] } });
});

test("outboundFetch refuses a proxy with a password, another scheme, and a file without a certificate", async () => {
  const empty = join(FOLDER, "empty.pem");
  writeFileSync(empty, "nothing");
  const secret = await given({ proxy: "http://me:hush@proxy.example" }, "https://a.example/");
  expect(secret).toContain("password");
  expect(secret).not.toContain("hush");
  expect(await given({ proxy: "socks5://proxy.example" }, "https://a.example/")).toContain("http or https");
  expect(await given({ ca_file: empty }, "https://a.example/")).toContain("no PEM certificate");
  expect(await given({ ca_file: join(FOLDER, "none") }, "https://a.example/")).toContain("cannot be read");
});
