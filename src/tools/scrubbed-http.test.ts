import { afterAll, expect, test } from "bun:test";
import { type Scrubbed, Scrubber } from "#contracts/scrubber.ts";
import { SecretString } from "#contracts/secret.ts";
import type { HttpExchange } from "./http-port.ts";
import { scrubbedHttp } from "./scrubbed-http.ts";

const KEY = "sk-canary/1234567890==";
const encoder = new TextEncoder();
const scrubber = new Scrubber([{ name: "provider:openai", secret: SecretString.take(encoder.encode(KEY)) }]);
afterAll(() => scrubber[Symbol.dispose]());

const EXCHANGE: HttpExchange = {
  method: "GET",
  target: { scheme: "https", host: "x.test", port: 443, path: "/" },
  address: "192.0.2.1",
  headers: {},
  body: undefined,
  signal: new AbortController().signal,
};

function streamOf(pieces: readonly Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

test("scrubbedHttp takes a key out of a body cut into two at every byte, and leaves every other byte", async () => {
  const before = encoder.encode("grüße \u{1f600} ");
  const bytes = Uint8Array.from([...before, ...encoder.encode(KEY), 0, 255, 254, ...encoder.encode(" end")]);
  const wanted = Uint8Array.from([
    ...before,
    ...encoder.encode("[secret]"),
    0,
    255,
    254,
    ...encoder.encode(" end"),
  ]);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const found: Scrubbed = new Map();
    const http = scrubbedHttp(
      async () => new Response(streamOf([bytes.slice(0, cut), bytes.slice(cut)])),
      scrubber,
      found,
    );
    expect(await (await http(EXCHANGE)).bytes()).toEqual(wanted);
    expect([...found]).toEqual([["provider:openai", 1]]);
  }
});

test("scrubbedHttp keeps status and headers, without a key in them, and bodies that are none", async () => {
  const found: Scrubbed = new Map();
  const location = `https://x.test/?k=${encodeURIComponent(KEY)}`;
  const http = scrubbedHttp(
    async () => new Response("moved", { status: 302, headers: { location, "x-a": "b" } }),
    scrubber,
    found,
  );
  const moved = await http(EXCHANGE);
  expect([moved.status, moved.headers.get("location"), moved.headers.get("x-a")]).toEqual([
    302,
    "https://x.test/?k=[secret]",
    "b",
  ]);
  const none = scrubbedHttp(async () => new Response(null, { status: 204 }), scrubber, found);
  expect((await none(EXCHANGE)).body).toBeNull();
});
