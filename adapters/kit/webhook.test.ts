/** The webhook's door: what strangers can do to it, and when it says that an event was taken. */
import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { SecretString } from "#contracts/secret.ts";
import { manualClock } from "#runtime/clock.ts";
import {
  type WebhookEnd,
  type WebhookRoute,
  startWebhook,
  webhookAnswerer,
  webhookListen,
} from "./webhook.ts";
import { webhookPort } from "./webhook.ts";
import { isSameWord, isSigned } from "./webhook-keys.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const key = SecretString.take(new TextEncoder().encode(KEY));
const sign = (body: string): string => createHmac("sha256", KEY).update(body).digest("hex");

function door(end: () => Promise<WebhookEnd> = () => Promise.resolve("taken")) {
  const taken: string[] = [];
  const clock = manualClock();
  const route: WebhookRoute = {
    port: 0,
    path: "/hook",
    mayBeGenuine: (headers) => headers.has("x-sign"),
    isGenuine: (body, headers) => isSigned(key, body, headers.get("x-sign") ?? ""),
    take: async (body) => {
      taken.push(new TextDecoder().decode(body));
      return await end();
    },
    challenge: (query) => (query.get("word") === "right" ? (query.get("back") ?? "") : undefined),
  };
  return { taken, clock, route, answer: webhookAnswerer(route, clock) };
}

function post(body: RequestInit["body"], headers: Record<string, string> = {}): Request {
  return new Request("http://any.host/hook", { method: "POST", body: body ?? null, headers });
}

const signed = (body: string): Request => post(body, { "x-sign": sign(body) });

test("webhookAnswerer takes nothing that is not signed over its very bytes", async () => {
  const { taken, answer } = door();
  const forged: readonly Request[] = [
    post("{}"),
    post("{}", { "x-sign": "" }),
    post("{}", { "x-sign": sign("{} ") }),
    post("{}", { "x-sign": `${sign("{}")}00` }),
    post("{}", { "x-sign": sign("{}").replace(/.$/, "g") }),
    post("{}", { "x-sign": "f".repeat(64), "x-forwarded-for": "127.0.0.1", forwarded: "for=127.0.0.1" }),
    post(Uint8Array.of(0xff, 0xfe), { "x-sign": sign("\ufffd\ufffd") }), // equal only once decoded
  ];
  for (const request of forged) expect((await answer(request)).status).toBe(401);
  expect(taken).toEqual([]);
  expect((await answer(signed("{}"))).status).toBe(200);
  expect(taken).toEqual(["{}"]);
});

test("webhookAnswerer reads no byte of what cannot be genuine, and none beyond its bound", async () => {
  const { taken, answer } = door();
  let pulled = 0;
  const endless = (): ReadableStream<Uint8Array> =>
    new ReadableStream(
      { pull: (to) => (pulled++, to.enqueue(new Uint8Array(65_536))) },
      { highWaterMark: 0 },
    );
  expect((await answer(post(endless()))).status).toBe(401);
  expect(pulled).toBe(0);
  expect((await answer(post(endless(), { "x-sign": sign("") }))).status).toBe(413);
  expect(pulled).toBeLessThan(60);
  const lying = post("{}", { "x-sign": sign("{}"), "content-length": "999999999" });
  expect((await answer(lying)).status).toBe(413);
  expect(taken).toEqual([]);
});

test("webhookAnswerer ends bodies that come too slowly, and is not filled by them", async () => {
  const { clock, answer } = door();
  const never = (): ReadableStream<Uint8Array> =>
    new ReadableStream({ pull: () => new Promise(() => undefined) });
  const slow = Array.from({ length: 32 }, () => answer(post(never(), { "x-sign": sign("") })));
  await Promise.resolve();
  expect((await answer(signed("{}"))).status).toBe(503); // the platform sends it again
  await clock.advance(10_001);
  expect((await Promise.all(slow)).map(({ status }) => status)).toEqual(slow.map(() => 408));
  expect((await answer(signed("{}"))).status).toBe(200);
});

test("webhookAnswerer says 200 once the events are safe, and takes a repetition once", async () => {
  const { promise, resolve } = Promise.withResolvers<WebhookEnd>();
  const ends: Promise<WebhookEnd>[] = [Promise.resolve("again"), promise];
  const { taken, answer } = door(() => ends.shift() ?? Promise.resolve("unreadable"));
  expect((await answer(signed("one"))).status).toBe(503);
  let settled = 0;
  const both = [answer(signed("one")), answer(signed("one"))].map(async (each) => {
    const { status } = await each;
    settled += 1;
    return status;
  });
  await new Promise((done) => setImmediate(done));
  expect(settled).toBe(0);
  resolve("taken");
  expect(await Promise.all(both)).toEqual([200, 200]);
  expect((await answer(signed("one"))).status).toBe(200);
  expect(taken).toEqual(["one", "one"]);
  expect((await answer(signed("two"))).status).toBe(400);
});

test("webhookAnswerer answers the platform's question and no other", async () => {
  const { answer } = door();
  const ask = async (url: string, method = "GET") => await answer(new Request(url, { method }));
  const right = await ask("http://h/hook?word=right&back=<b>1</b>");
  expect([right.status, await right.text()]).toEqual([200, "<b>1</b>"]);
  expect(right.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(right.headers.get("x-content-type-options")).toBe("nosniff");
  expect((await ask("http://h/hook?word=wrong&back=1")).status).toBe(403);
  expect((await ask("http://h/hook/")).status).toBe(404);
  expect((await ask("http://h/%68ook", "DELETE")).status).toBe(404);
  expect((await ask("http://h/hook", "DELETE")).status).toBe(405);
});

test("startWebhook listens on loopback, and says what to do about a port that is taken", async () => {
  const { route, clock } = door();
  const first = startWebhook(route, { listen: webhookListen, clock });
  if (!first.ok) throw new Error(first.error.message);
  const { port } = first.value;
  const answer = await fetch(`http://127.0.0.1:${port}/hook`, {
    method: "POST",
    body: "{}",
    headers: { "x-sign": sign("{}") },
  });
  expect(answer.status).toBe(200);
  const second = startWebhook({ ...route, port }, { listen: webhookListen, clock });
  expect(second.ok ? "" : second.error.hint).toContain("--port");
  await first.value.close();
});

test("isSameWord and webhookPort accept what they should alone", () => {
  expect(isSameWord("word", "word")).toBe(true);
  for (const other of ["", "wor", "word ", "WORD", "w\u043erd"])
    expect(isSameWord("word", other)).toBe(false);
  expect(webhookPort("18793")).toEqual({ ok: true, value: 18_793 });
  for (const text of [undefined, "", "0", "65536", "1e3", "-1", " 80"])
    expect(webhookPort(text).ok).toBe(false);
});
