/** How far conversations were handed on: what moves the mark, what is kept, and what is never looked at again. */
import { expect, test } from "bun:test";
import { memoryDisk, memoryState } from "#kit/memory-state.ts";
import { manualClock } from "#runtime/clock.ts";
import { type Seen, openSeen } from "./seen.ts";

const NOW_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;

async function open(disk = memoryDisk(), clock = manualClock(NOW_MS)): Promise<Seen> {
  const seen = await openSeen(memoryState(disk), clock);
  if (!seen.ok) throw new Error(seen.error.message);
  return seen.value;
}

test("openSeen: a refused message moves the mark of a conversation that is followed, and begins none", async () => {
  const seen = await open();
  seen.pass("D0BEN", "1800000005.000100");
  expect(seen.channels).toEqual([]);
  await seen.note("D0ANA", "1800000001.000100");
  seen.pass("D0ANA", "1800000002.000100");
  await seen.note("D0ANA", "1800000001.000200"); // what comes late moves nothing back
  expect(seen.after("D0ANA")).toBe("1800000002.000100");
});

test("openSeen: a conversation that is not followed is looked at from the last calm moment on, over lives", async () => {
  const disk = memoryDisk();
  const clock = manualClock(NOW_MS);
  const first = await open(disk, clock);
  expect(first.after("D0NEW")).toBe("1800000000.000000");
  await clock.advance(3_600_000);
  expect((await open(disk, clock)).after("D0NEW")).toBe("1800000000.000000"); // a life is no calm moment
  await (await open(disk, clock)).settle();
  expect((await open(disk, clock)).after("D0NEW")).toBe("1800003600.000000");
});

test("openSeen: nothing older than a day is looked at, and the longest silent of 501 is let go", async () => {
  const disk = memoryDisk();
  const clock = manualClock(NOW_MS);
  const seen = await open(disk, clock);
  for (let at = 0; at <= 500; at++)
    await seen.note(`D0P${at}`, `18000000${String(at).padStart(2, "0")}.000100`);
  expect(seen.channels.length).toBe(500);
  expect(seen.channels).not.toContain("D0P0");
  await clock.advance(3 * DAY_MS);
  const later = await open(disk, clock);
  expect(later.channels.length).toBe(500);
  expect(later.after("D0P1")).toBe(`${(NOW_MS + 2 * DAY_MS) / 1_000}.000000`);
});

test("openSeen: a document of another shape counts as none", async () => {
  for (const text of ["[]", '{"sinceMs":1,"chats":[["x","y"]]}', '{"sinceMs":"1","chats":[]}', "{"]) {
    const disk = memoryDisk();
    disk.documents.set("direct-chats", new TextEncoder().encode(text));
    expect((await open(disk)).channels).toEqual([]);
  }
});
