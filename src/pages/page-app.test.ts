/** The wall around both pages: what is let in, what every answer carries, what is never written down. */
import { afterAll, describe, expect, test } from "bun:test";
import { LIMITS } from "#contracts/limits.ts";
import { linesOf, pageKey, post } from "#test/support/page-client.ts";
import { chatProcess, consoleProcess } from "#test/support/page-processes.ts";
import { SECURITY_HEADERS } from "./headers.ts";

const chat = await chatProcess();
const board = await consoleProcess();
afterAll(async () => {
  await chat[Symbol.asyncDispose]();
  await board[Symbol.asyncDispose]();
});

const BOTH = [
  ["chat", chat],
  ["console", board],
] as const;

async function reasonOf(response: Response): Promise<string> {
  const body: unknown = await response.json();
  return JSON.stringify(body);
}

describe.each(BOTH)("the %s page's process", (_, process) => {
  const own = `127.0.0.1:${process.port}`;

  test.each([
    ["another name", "evil.example"],
    ["a name that resolves here", `localtest.me:${process.port}`],
    ["another port", "127.0.0.1:1"],
    ["no port", "127.0.0.1"],
    ["a longer name", `127.0.0.1:${process.port}.evil.example`],
    ["a user", `a@127.0.0.1:${process.port}`],
    ["upper case", `LOCALHOST:${process.port}`],
    ["nothing", ""],
  ])("refuses a Host with %s", async (_name, host) => {
    for (const path of ["/", "/main.js", "/api/stream?after=0"]) {
      const response = await fetch(process.url + path, { headers: { host } });
      expect([400, 403]).toContain(response.status);
    }
  });

  test.each([[`127.0.0.1:${process.port}`], [`localhost:${process.port}`], [`[::1]:${process.port}`]])(
    "serves Host %s",
    async (host) => {
      const response = await fetch(process.url, { headers: { host } });
      expect(response.status).toBe(200);
      expect(await response.text()).toContain("<!doctype html>");
    },
  );

  test.each([
    ["another site", "https://evil.example"],
    ["another port of this host", "http://127.0.0.1:8080"],
    ["another name of this host", `http://localhost:${process.port}`],
    ["another scheme", `https://${own}`],
    ["null", "null"],
    ["a path", `http://${own}/`],
    ["a prefix", `http://${own}.evil.example`],
  ])("refuses an Origin of %s and asks the gateway nothing", async (_name, origin) => {
    const before = process.gateway.refused.length + process.gateway.verified.length;
    const response = await post(process, "/api/state", {}, { origin });
    expect(response.status).toBe(403);
    expect(await reasonOf(response)).toContain('"reason":"origin"');
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(process.gateway.refused.length + process.gateway.verified.length).toBe(before);
  });

  test("refuses a POST without Origin", async () => {
    const response = await fetch(`${process.url}/api/state`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json" },
    });
    expect(response.status).toBe(403);
  });

  test.each([
    ["same-site", "no-cors", 403],
    ["cross-site", "no-cors", 403],
    ["cross-site", "cors", 403],
    ["cross-site", "navigate", 200],
    ["none", "navigate", 200],
    ["same-origin", "cors", 200],
  ])("answers a script asked for %s, %s with %d", async (site, mode, status) => {
    const headers = { "sec-fetch-site": site, "sec-fetch-mode": mode };
    expect((await fetch(`${process.url}/main.js`, { headers })).status).toBe(status);
  });

  test.each([
    ["text/plain"],
    ["application/json; charset=utf-8"],
    ["application/x-www-form-urlencoded"],
    ["multipart/form-data; boundary=x"],
    ["APPLICATION/JSON"],
    [""],
  ])("refuses the content type %p", async (type) => {
    const sign = await pageKey(process);
    const headers = { ...(await sign("POST", "/api/state", "{}")), "content-type": type };
    const response = await post(process, "/api/state", "{}", headers);
    expect(response.status).toBe(400);
    expect(await reasonOf(response)).toContain('"reason":"content_type"');
  });

  test("takes a body at the limit and refuses one byte more", async () => {
    const sign = await pageKey(process);
    const text = (bytes: number): string => `"${"a".repeat(bytes - 2)}"`;
    for (const [bytes, status] of [
      [LIMITS.page_body_bytes_max, 200],
      [LIMITS.page_body_bytes_max + 1, 413],
    ] as const) {
      const body = text(bytes);
      const response = await post(process, "/api/state", body, await sign("POST", "/api/state", body));
      expect(response.status).toBe(status);
      expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    }
  });

  test("refuses an oversized body that does not say its length", async () => {
    const sign = await pageKey(process);
    const piece = new Uint8Array(65_536).fill(97);
    let left = 8;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (left-- > 0) controller.enqueue(piece);
        else controller.close();
      },
    });
    const headers = { ...(await sign("POST", "/api/state", "")), origin: process.url };
    const response = await fetch(`${process.url}/api/state`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
    expect(response.status).toBe(413);
  });

  test.each([
    ["a body that is changed", "POST", "/api/state", '{"a":1}'],
    ["another path", "POST", "/api/verify", "{}"],
    ["another method", "GET", "/api/state", "{}"],
  ])("passes on a signature over %s, and the gateway refuses it", async (_name, method, path, body) => {
    const sign = await pageKey(process);
    const response = await post(process, "/api/state", "{}", await sign(method, path, body));
    expect(response.status).toBe(401);
    expect(process.gateway.refused.at(-1)).toBe("signature");
  });

  test("refuses a request that is sent twice", async () => {
    const sign = await pageKey(process);
    const headers = await sign("POST", "/api/state", "{}");
    expect((await post(process, "/api/state", "{}", headers)).status).toBe(200);
    expect((await post(process, "/api/state", "{}", headers)).status).toBe(401);
    expect(process.gateway.refused.at(-1)).toBe("replayed");
  });

  test.each([
    ["no header", {}],
    ["a key in upper case", { "x-wirken-key": "A".repeat(64) }],
    ["a counter of 0", { "x-wirken-counter": "0" }],
    ["a counter with a sign", { "x-wirken-counter": "+5" }],
    ["a counter beyond safe integers", { "x-wirken-counter": "9999999999999999" }],
    ["a time in words", { "x-wirken-time": "now" }],
    ["a short signature", { "x-wirken-signature": "AAAA" }],
  ])("refuses %s before it asks the gateway", async (name, change) => {
    const before = process.gateway.verified.length + process.gateway.refused.length;
    const sign = await pageKey(process);
    const headers = name === "no header" ? {} : { ...(await sign("POST", "/api/state", "{}")), ...change };
    const response = await post(process, "/api/state", "{}", headers);
    expect(response.status).toBe(401);
    expect(process.gateway.verified.length + process.gateway.refused.length).toBe(before);
  });

  test("uses up a login token once", async () => {
    const token = process.gateway.mint();
    const body = { token, algorithm: "Ed25519", publicKey: new Uint8Array(32).fill(7).toBase64() };
    expect((await post(process, "/api/register", body)).status).toBe(200);
    expect((await post(process, "/api/register", body)).status).toBe(401);
    expect(process.log.join("\n")).not.toContain(token);
  });

  test.each([
    ["/../../../etc/passwd"],
    ["/%2e%2e/%2e%2e/etc/passwd"],
    ["/..%2f..%2fetc%2fpasswd"],
    ["/shared/../../package.json"],
    ["//etc/passwd"],
    ["/shared/"],
    ["/main.js%00.html"],
    ["/__proto__"],
    ["/api/"],
    ["/api/nothing"],
  ])("has nothing under %s", async (path) => {
    const response = await fetch(process.url + path);
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain("root:");
  });

  test("carries the security headers on every answer, errors included", async () => {
    const sign = await pageKey(process);
    const answers = [
      await fetch(process.url),
      await fetch(`${process.url}/main.js`),
      await fetch(`${process.url}/nothing`),
      await fetch(process.url, { headers: { host: "evil.example" } }),
      await fetch(process.url, { method: "OPTIONS" }),
      await fetch(process.url, { method: "DELETE" }),
      await post(process, "/api/state", "{}"),
      await post(process, "/api/state", "{}", await sign("POST", "/api/state", "{}")),
      await post(process, "/api/state", "{}", { "content-type": "text/plain" }),
    ];
    for (const response of answers) {
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
        expect([name, response.status, response.headers.get(name)]).toEqual([name, response.status, value]);
      }
      expect(response.headers.get("set-cookie")).toBeNull();
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
    }
    expect(SECURITY_HEADERS["content-security-policy"]).not.toMatch(/unsafe|\*|https?:/);
  });

  test("serves pages without inline code and without a foreign address", async () => {
    const html = await (await fetch(process.url)).text();
    expect(html).not.toMatch(/<script(?![^>]* src=)|\son\w+=|\sstyle=|<style|https?:\/\//i);
  });

  test("goes on streaming where a page left off, and says when it cannot", async () => {
    const sign = await pageKey(process);
    const open = async (after: number) => {
      const path = `/api/stream?after=${after}`;
      const response = await fetch(process.url + path, { headers: await sign("GET", path, "") });
      expect(response.headers.get("content-type")).toBe("application/x-ndjson");
      if (response.body === null) throw new Error("the stream has no body");
      const reader = response.body.getReader();
      return { next: linesOf(reader), cut: () => reader.cancel() };
    };
    const first = await open(0);
    const reset = await first.next();
    expect(reset).toEqual({ seq: reset.seq, reset: true });
    process.publish({ type: "state" });
    expect(await first.next()).toEqual({ seq: reset.seq + 1, event: { type: "state" } });
    await first.cut();
    process.publish({ type: "turn_started", conversation: "w-1\n", turn: "t-1" });
    const second = await open(reset.seq + 1);
    expect(await second.next()).toEqual({ seq: reset.seq + 1, beat: true });
    expect(await second.next()).toEqual({
      seq: reset.seq + 2,
      event: { type: "turn_started", conversation: "w-1\n", turn: "t-1" },
    });
    await second.cut();
    const ahead = await open(reset.seq + 500);
    expect(await ahead.next()).toEqual({ seq: reset.seq + 2, reset: true });
    await ahead.cut();
  });

  test("streams nothing without a signature", async () => {
    for (const path of [
      "/api/stream?after=0",
      "/api/stream",
      "/api/stream?after=-1",
      "/api/stream?after=0&x=1",
    ]) {
      const response = await fetch(process.url + path);
      expect([401, 404]).toContain(response.status);
      await response.body?.cancel();
    }
  });
});
