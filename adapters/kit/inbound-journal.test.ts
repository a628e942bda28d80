/** The journal of events: what is kept comes back in order, what was handed on does not, damage is nothing. */
import { expect, test } from "bun:test";
import { type InboundJournal, openInboundJournal } from "./inbound-journal.ts";
import { memoryDisk, memoryState } from "./memory-state.ts";

async function open(disk: ReturnType<typeof memoryDisk>): Promise<InboundJournal> {
  const journal = await openInboundJournal(memoryState(disk));
  if (!journal.ok) throw new Error(journal.error.message);
  return journal.value;
}

test("openInboundJournal gives back what was kept and not dropped, in order, with its position", async () => {
  const disk = memoryDisk();
  const first = await open(disk);
  expect(first.left).toEqual([]);
  const kept = [];
  for (let at = 0; at < 12; at++) {
    const one = await first.keep([`a${at}`, "\u0000\ud83d"], `p${at}`);
    if (one.ok) kept.push(one.value);
  }
  for (const one of kept.filter(({ order }) => order % 2 === 0)) await first.drop(one);
  const second = await open(disk);
  expect(second.left.map(({ position }) => position)).toEqual(["p0", "p2", "p4", "p6", "p8", "p10"]);
  expect(second.left[0]?.events[0]).toBe("a0");
  const next = await second.keep(["b"], "");
  expect(next.ok && next.value.order).toBe(12);
});

test("openInboundJournal removes what it does not know, and goes on", async () => {
  const disk = memoryDisk();
  const journal = await open(disk);
  await journal.keep(["whole"], "p");
  const write = (name: string, text: string) => disk.documents.set(name, new TextEncoder().encode(text));
  write("event-000000000000007", "{");
  write("event-000000000000008", '{"events":[1],"position":"p"}');
  write("event-x", '{"events":["x"],"position":"p"}');
  const again = await open(disk);
  expect(again.left.map(({ events }) => events)).toEqual([["whole"]]);
  expect([...disk.documents.keys()]).toEqual(["event-000000000000001"]);
});
