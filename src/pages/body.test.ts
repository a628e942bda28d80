/** Bodies that never end, end early, or come a byte at a time. */
import { expect, test } from "bun:test";
import { manualClock } from "#runtime/clock.ts";
import { readBody } from "./body.ts";

function bounds(bytesMax = 10): { bytesMax: number; msMax: number; clock: ReturnType<typeof manualClock> } {
  return { bytesMax, msMax: 1_000, clock: manualClock() };
}

function requestOf(body: ReadableStream<Uint8Array> | string): Request {
  return new Request("http://127.0.0.1/", { method: "POST", body });
}

test("readBody leaves a body that is not whole in time, however alive it is", async () => {
  const within = bounds(1_000);
  let left = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: async (to) => {
      await within.clock.sleep(300);
      to.enqueue(new Uint8Array([0x20]));
    },
    cancel: () => {
      left = true;
    },
  });
  const reading = readBody(requestOf(endless), within);
  for (let ms = 0; ms < 1_000; ms += 100) {
    await Bun.sleep(0);
    await within.clock.advance(100);
  }
  expect(await reading).toEqual({ ok: false, error: "slow" });
  expect(left).toBe(true);
});

test("readBody takes a whole body, and its timer goes with it", async () => {
  const within = bounds();
  expect(await readBody(requestOf("12345"), within)).toEqual({ ok: true, value: "12345" });
  await within.clock.advance(5_000);
});

test("readBody refuses a longer body, also one that does not say how long it is", async () => {
  expect(await readBody(requestOf("12345678901"), bounds())).toEqual({ ok: false, error: "too_large" });
  const silent = new ReadableStream<Uint8Array>({
    pull: (to) => to.enqueue(new Uint8Array(4)),
  });
  expect(await readBody(requestOf(silent), bounds())).toEqual({ ok: false, error: "too_large" });
});

test("readBody takes no bytes that are not text", async () => {
  const bytes = new ReadableStream<Uint8Array>({
    start: (to) => {
      to.enqueue(new Uint8Array([0xff]));
      to.close();
    },
  });
  expect(await readBody(requestOf(bytes), bounds())).toEqual({ ok: false, error: "not_text" });
});
