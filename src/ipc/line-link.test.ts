import { expect, test } from "bun:test";
import { writeSync } from "node:fs";
import { socketPair } from "#host/socket-pair.ts";
import { type LineLink, openLineLink } from "./line-link.ts";

const LINE_BYTES_MAX = 1_000;

async function pairOf(events: { lines: string[]; ended: string[] }) {
  const pair = socketPair();
  if (pair === undefined) throw new Error("no socket pairs");
  const [near, far] = pair;
  const open = (fd: number, name: string, lines: string[]): Promise<LineLink> =>
    openLineLink(fd, LINE_BYTES_MAX, {
      onLine: (line) => lines.push(line),
      onEnd: () => events.ended.push(name),
    });
  return {
    far,
    near: await open(near, "near", events.lines),
    openFar: (lines: string[]) => open(far, "far", lines),
  };
}

async function until(done: () => boolean): Promise<void> {
  for (let waited = 0; !done() && waited < 2_000; waited++) await Bun.sleep(1);
  expect(done()).toBe(true);
}

test("openLineLink hands on whole lines, however they were cut, with every character", async () => {
  const seen = { lines: [] as string[], ended: [] as string[] };
  const { far, near } = await pairOf(seen);
  const bytes = new TextEncoder().encode("one\ntwo é\n\nlast\n");
  for (const byte of bytes) {
    writeSync(far, Uint8Array.of(byte));
    await Bun.sleep(0);
  }
  await until(() => seen.lines.length === 4);
  expect(seen.lines).toEqual(["one", "two é", "", "last"]);
  near.end();
});

test("openLineLink ends a link whose line is too long, once, and says so", async () => {
  const seen = { lines: [] as string[], ended: [] as string[] };
  const { far, near } = await pairOf(seen);
  writeSync(far, new Uint8Array(LINE_BYTES_MAX + 1).fill(0x61));
  await until(() => seen.ended.length > 0);
  expect(seen).toEqual({ lines: [], ended: ["near"] });
  expect(near.send("late")).toBe(false);
  await near.below(1); // an ended link holds nobody up
});

test("openLineLink queues what the other end does not read, and tells when it has room", async () => {
  const seen = { lines: [] as string[], ended: [] as string[] };
  const { near, openFar } = await pairOf(seen);
  const line = "x".repeat(900);
  for (let at = 0; at < 2_000; at++) near.send(line);
  let room = false;
  const waiting = near.below(10_000).then(() => {
    room = true;
  });
  await Bun.sleep(20);
  expect(room).toBe(false);
  const got: string[] = [];
  const far = await openFar(got);
  await waiting;
  await until(() => got.length === 2_000);
  expect(got.every((each) => each === line)).toBe(true);
  far.end();
  await until(() => seen.ended.includes("near"));
});
