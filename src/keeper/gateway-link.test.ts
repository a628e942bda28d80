import { afterAll, expect, test } from "bun:test";
import { fstatSync, readSync, writeSync } from "node:fs";
import { KEEPER_LINE_BYTES_MAX, type ToKeeper, parseFromKeeper } from "#contracts/keeper-link.ts";
import { systemClock } from "#runtime/clock.ts";
import { type GatewayLink, LineReader, gatewayLink } from "./gateway-link.ts";

const links: GatewayLink[] = [];
afterAll(() => links.forEach((link) => link[Symbol.dispose]()));

test("gatewayLink carries messages both ways", async () => {
  const { link, heard } = await open();
  link.send({ kind: "stop", reason: "stop" });
  await systemClock.sleep(20);
  const room = new Uint8Array(1_000);
  const line = Buffer.from(room.subarray(0, readSync(link.childFd, room)))
    .toString()
    .trimEnd();
  expect(parseFromKeeper(line)).toEqual({ ok: true, value: { kind: "stop", reason: "stop" } });
  writeSync(link.childFd, '{"kind":"listening"}\n{"kind":"rest');
  await systemClock.sleep(20);
  writeSync(link.childFd, 'art","role":"telegram"}\n');
  await until(() => heard.length === 2);
  expect(heard).toEqual([{ kind: "listening" }, { kind: "restart", role: "telegram" }]);
});

test.each([
  ["no JSON", "start telegram\n"],
  ["an unknown word", '{"kind":"exec","role":"telegram"}\n'],
  ["a surplus key", '{"kind":"listening","pid":1}\n'],
  ["a path for a role", '{"kind":"start","role":"../vault"}\n'],
  ["a role that is no text", '{"kind":"start","role":["telegram"]}\n'],
  ["bytes that are no UTF-8", Buffer.from([0x22, 0xff, 0x22, 0x0a])],
  ["a line too long", `"${"x".repeat(KEEPER_LINE_BYTES_MAX)}"\n`],
])("gatewayLink ends at %s and hears nothing more", async (_, bytes) => {
  const { link, heard, ends } = await open();
  const all = Buffer.concat([Buffer.from(bytes), Buffer.from('{"kind":"start","role":"telegram"}\n')]);
  for (let done = 0; done < all.length && ends.length === 0; await systemClock.sleep(1)) {
    try {
      done += writeSync(link.childFd, all, done, Math.min(16_384, all.length - done));
    } catch {
      break; // the link was ended meanwhile
    }
  }
  await until(() => ends.length > 0);
  expect([heard, ends]).toEqual([[], ["broken"]]);
  expect(link.send({ kind: "stop", reason: "stop" })).toBe(false);
});

test("gatewayLink does not hold what a gateway never reads", async () => {
  const { link, ends } = await open();
  const reason = "x".repeat(10_000);
  let sent = 0;
  while (sent < 1_000 && link.send({ kind: "stop", reason })) sent += 1;
  expect(sent).toBeLessThan(100);
  expect(ends).toEqual(["broken"]);
});

test("gatewayLink closes its end of the pair once it was handed over, once", async () => {
  const { link } = await open();
  const { ino } = fstatSync(link.childFd);
  link.handedOver();
  link.handedOver();
  const after = ((): number | undefined => {
    try {
      return fstatSync(link.childFd).ino;
    } catch {
      return undefined;
    }
  })();
  expect(after).not.toBe(ino);
});

test("LineReader cuts at every byte alike", () => {
  const text = Buffer.from('{"a":"ä"}\n\n{"b":1}\n');
  for (let at = 0; at <= text.length; at++) {
    const reader = new LineReader(100);
    const lines = [...(reader.push(text.subarray(0, at)) ?? []), ...(reader.push(text.subarray(at)) ?? [])];
    expect(lines).toEqual(['{"a":"ä"}', "", '{"b":1}']);
  }
});

test.each([
  [9, true],
  [10, true],
  [11, false],
])("LineReader of 10 bytes takes a line of %i: %p", (length, taken) => {
  expect(new LineReader(10).push(Buffer.from(`${"x".repeat(length)}\n`)) !== undefined).toBe(taken);
  expect(new LineReader(10).push(Buffer.from("x".repeat(length))) !== undefined).toBe(taken);
});

async function open() {
  const heard: ToKeeper[] = [];
  const ends: string[] = [];
  const made = await gatewayLink({
    onMessage: (message) => heard.push(message),
    onEnd: (why) => ends.push(why),
  });
  if (!made.ok) throw new Error(made.error.message);
  links.push(made.value);
  return { link: made.value, heard, ends };
}

async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !done(); turn++) await systemClock.sleep(5);
}
