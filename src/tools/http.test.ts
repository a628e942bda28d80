import { afterAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LIMITS } from "#contracts/limits.ts";
import { manualClock } from "#runtime/clock.ts";
import { type HttpExchange, type HttpPort, fetchPort } from "./http-port.ts";
import { parseTarget, urlOf } from "./http-target.ts";
import { toolLab } from "./lab.case.ts";
import { isPublicAddress } from "#broker/public-address.ts";

let hits = 0;
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    hits += 1;
    const { pathname } = new URL(request.url);
    if (pathname === "/echo") {
      const headers = [...request.headers].map(([name, value]) => `${name}: ${value}`).sort();
      return new Response(`${request.method}\n${headers.join("\n")}\n\n${await request.text()}`);
    }
    if (pathname === "/page") {
      return new Response("<h1>Hello</h1><script>x</script><p>there", {
        headers: { "content-type": "text/html; charset=iso-8859-1" },
      });
    }
    if (pathname === "/away") return new Response(null, { status: 302, headers: { location: "/page?x=1" } });
    if (pathname === "/binary")
      return new Response(new Uint8Array([0, 1]), { headers: { "content-type": "image/png" } });
    if (pathname === "/bomb") {
      const zeros = Bun.gzipSync(new Uint8Array(64 * 1_048_576));
      return new Response(zeros, { headers: { "content-encoding": "gzip", "content-type": "text/plain" } });
    }
    if (pathname === "/silent") await Bun.sleep(60_000);
    return new Response("not here", { status: 404 });
  },
});
afterAll(() => server.stop(true));
const serverPort = String(server.port);
const local = { resolve: async () => ["127.0.0.1"], privateHosts: ["lab.example"] };
const url = (path: string): string => `http://lab.example:${serverPort}${path}`;

describe("http_request", () => {
  test("http_request sends what the action says to the address that was resolved", async () => {
    using lab = toolLab(local);
    const prepared = lab.prepare("http_request", {
      method: "post",
      url: url("/echo?q=1#part"),
      headers: { "X-One": "1" },
      body: "hello",
    });
    expect(prepared.action).toMatchObject({
      kind: "network_request",
      method: "POST",
      scheme: "http",
      host: "lab.example",
      port: server.port,
      path: "/echo?q=1",
      bodyBytes: 5,
      bodySha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    });
    const outcome = await lab.perform(prepared);
    expect(outcome.ok).toBe(true);
    expect(lab.verdicts).toEqual([
      {
        verdict: "allow",
        reason: "granted",
        method: "POST",
        host: "lab.example",
        port: Number(serverPort),
        credential: "",
      },
    ]);
    expect(outcome.output).toContain(`host: lab.example:${serverPort}`);
    expect(outcome.output).toContain("x-one: 1");
    expect(outcome.output).toEndWith("\n\nhello");
    expect(await lab.perform({ ...prepared, body: new TextEncoder().encode("HELLO") })).toMatchObject({
      ok: false,
      code: "changed",
    });
  });

  test("http_request sends nothing before its verdict is on record, and records a refusal", async () => {
    using lab = toolLab({ ...local, privateHosts: [] });
    const call = lab.prepare("http_request", { url: url("/echo") });
    expect(await lab.perform(call)).toMatchObject({ ok: false, code: "private_address" });
    expect(lab.verdicts).toMatchObject([
      { verdict: "refuse", reason: "private_address", host: "lab.example" },
    ]);
    const before = hits;
    using open = toolLab(local);
    const unwritable = { onEgress: () => Promise.reject(new Error("the log is full")) };
    expect((await open.perform(call, unwritable)).ok).toBe(false);
    expect(hits).toBe(before);
    expect((await open.perform(call)).ok).toBe(true);
    expect(hits).toBe(before + 1); // the test can fail: a verdict on record lets it out
  });

  test("http_request hands a redirect back and does not follow it", async () => {
    using lab = toolLab(local);
    const outcome = await lab.run("http_request", { url: url("/away") });
    expect(outcome).toMatchObject({ ok: false, code: "redirect", redirect: url("/page?x=1") });
  });

  test("http_request tells an error status, a body that is no text, and stops a decompression bomb", async () => {
    using lab = toolLab(local);
    expect(await lab.run("http_request", { url: url("/none") })).toMatchObject({
      ok: false,
      code: "http_404",
    });
    expect((await lab.run("http_request", { url: url("/binary") })).output).toContain("[not text: 2 bytes");
    const bomb = await lab.run("http_request", { url: url("/bomb") });
    expect(bomb.output).toContain("[not text");
    expect(bomb.output).toContain(`longer than ${LIMITS.http_body_bytes_max} bytes`);
  });

  test("http_request refuses headers that are ours, and values that could split a request", () => {
    using lab = toolLab(local);
    for (const headers of [
      { Host: "x" },
      { "content-length": "1" },
      { "Proxy-Authorization": "x" },
      { a: "b\r\nc: d" },
      { "a b": "c" },
    ]) {
      expect(lab.prepare("http_request", { url: url("/"), headers: { ...headers } }).refusal).toBeDefined();
    }
    expect(lab.prepare("http_request", { url: url("/"), method: "TRACE" }).refusal).toBeDefined();
  });

  test("http_request stops with the turn, and after its time", async () => {
    const clock = manualClock();
    using lab = toolLab({ ...local, clock });
    const late = lab.run("http_request", { url: url("/silent") });
    await Bun.sleep(20);
    await clock.advance(LIMITS.http_ms_max);
    expect(await late).toMatchObject({ ok: false, code: "timeout" });
    const stop = new AbortController();
    const stopped = lab.perform(lab.prepare("http_request", { url: url("/silent") }), {
      signal: stop.signal,
    });
    stop.abort();
    expect(await stopped).toMatchObject({ ok: false, code: "stopped" });
  });

  test("a typed URL counts as typed only without headers of the model's", () => {
    using lab = toolLab({ ...local, typedByAsker: (text) => text === url("/echo") });
    expect(lab.prepare("http_request", { url: url("/echo") }).action).toMatchObject({ typedByAsker: true });
    expect(lab.prepare("http_request", { url: url("/echo"), headers: { Cookie: "x" } }).action).toMatchObject(
      {
        typedByAsker: false,
      },
    );
    expect(lab.prepare("fetch_page", { url: url("/other") }).action).toMatchObject({ typedByAsker: false });
  });
});

describe("fetch_page", () => {
  test("fetch_page returns readable text", async () => {
    using lab = toolLab(local);
    expect(await lab.run("fetch_page", { url: url("/page") })).toMatchObject({
      ok: true,
      output: "# Hello\n\nthere",
    });
    expect(await lab.run("fetch_page", { url: url("/binary") })).toMatchObject({
      ok: false,
      code: "not_text",
    });
  });
});

describe("private addresses", () => {
  const answers: Record<string, readonly string[]> = {
    "good.example": ["93.184.215.14", "2606:2800:220:1::1"],
    "mixed.example": ["93.184.215.14", "10.0.0.1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "none.example": [],
  };
  const seen: HttpExchange[] = [];
  const http: HttpPort = async (exchange) => {
    seen.push(exchange);
    return new Response("answer");
  };
  const resolve = async (host: string): Promise<readonly string[]> => answers[host] ?? [];

  test("a host is refused when one of its addresses is not public, before anything is sent", async () => {
    using lab = toolLab({ http, resolve });
    for (const host of [
      "mixed.example",
      "mapped.example",
      "127.0.0.1",
      "[::1]",
      "169.254.169.254",
      "2130706433",
      "0x7f.1",
      "localhost",
    ]) {
      const outcome = await lab.run("fetch_page", { url: `http://${host}/` });
      expect([host, outcome.ok]).toEqual([host, false]);
    }
    expect(seen).toEqual([]);
    expect((await lab.run("fetch_page", { url: "https://good.example/" })).output).toBe("answer");
    expect(seen.map((exchange) => exchange.address)).toEqual(["93.184.215.14"]);
  });

  test.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.19.255.255",
    "192.88.99.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:8.8.8.8",
    "::8.8.8.8",
    "64:ff9b::8.8.8.8",
    "fe80::1",
    "fc00::1",
    "fd00::1",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "2002:7f00:1::",
    "3fff::1",
    "fe80::1%eth0",
    "",
    "host",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4x",
    "256.1.1.1",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "12345::",
  ])("isPublicAddress refuses %p", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each([
    "8.8.8.8",
    "1.1.1.1",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.0.1",
    "172.32.0.0",
    "2606:4700::1111",
    "2a00::1",
  ])("isPublicAddress accepts %p", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

describe("parseTarget", () => {
  test.each([
    ["https://e.example", "https://e.example/"],
    ["HTTPS://E.EXAMPLE:443/a?b#c", "https://e.example/a?b"],
    ["http://e.example.:8080/", "http://e.example:8080/"],
    ["http://[::1]:80/", "http://[::1]/"],
    ["https://ex\u00e4mple.example/", "https://xn--exmple-cua.example/"],
    ["http://2130706433/", "http://127.0.0.1/"],
  ])("parseTarget reads %p", (text, expected) => {
    const target = parseTarget(text);
    expect(target.ok && urlOf(target.value)).toBe(expected);
  });

  test.each([
    "e.example",
    "ftp://e.example/",
    "file:///etc/passwd",
    "javascript:x",
    "https://user@e.example/",
    "https://good.example@evil.example/",
    "https://good.example\\@evil.example/",
    " https://e.example/",
    "https://e.example/a b",
    "https://e.example/\n",
    "https://",
    `https://e.example/${"a".repeat(8_192)}`,
  ])("parseTarget refuses %p", (text) => {
    expect(parseTarget(text).ok).toBe(false);
  });
});

// The certificate is made here: without openssl on the machine there is none, and the suite's name says so.
const openssl = Bun.which("openssl");
describe.skipIf(openssl === null)("fetchPort over TLS (needs openssl)", () => {
  test("fetchPort connects to the given address and checks the certificate against the name", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wirken-tls-"));
    const [key, cert] = [join(folder, "key"), join(folder, "cert")];
    const words =
      "req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=x -addext subjectAltName=DNS:right.example";
    execFileSync(openssl ?? "", [...words.split(" "), "-keyout", key, "-out", cert], { stdio: "ignore" });
    const ca = readFileSync(cert, "utf8");
    const tls = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: { key: readFileSync(key, "utf8"), cert: ca },
      fetch: (request) => new Response(request.headers.get("host")),
    });
    const port = fetchPort(fetch, ca);
    const ask = (host: string): Promise<Response> =>
      port({
        method: "GET",
        target: { scheme: "https", host, port: tls.port ?? 0, path: "/" },
        address: "127.0.0.1",
        headers: {},
        body: undefined,
        signal: AbortSignal.timeout(5_000),
      });
    try {
      expect(await (await ask("right.example")).text()).toBe(`right.example:${String(tls.port)}`);
      const refused = await ask("wrong.example").catch((error: unknown) => String(error));
      expect(refused).toContain("ALTNAME");
    } finally {
      await tls.stop(true);
      rmSync(folder, { recursive: true });
    }
  });
});
