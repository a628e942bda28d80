/** What the conformance suite cannot bring about: a full disk, a full queue, a damaged journal, a pace. */
import { expect, test } from "bun:test";
import { fail } from "#contracts/fault.ts";
import { newOutboundId } from "#contracts/ids.ts";
import type { Delivery } from "#contracts/message.ts";
import { manualClock } from "#runtime/clock.ts";
import { fixedRandom } from "#runtime/random.ts";
import type { SendOutcome } from "./adapter.ts";
import { noFailPoint } from "./fail-point.ts";
import { lanes } from "./lanes.ts";
import { until } from "./life-fake.ts";
import { memoryDisk, memoryState } from "./memory-state.ts";
import { openOutboundJournal } from "./outbound-journal.ts";
import { outboundQueue } from "./outbound-queue.ts";
import type { StateStore } from "./state-store.ts";

const random = fixedRandom(11);

function message(conversation: string, markdown = "x") {
  const outboundId = newOutboundId((count) => random.bytes(count));
  return { outboundId, conversation, thread: "", replyTo: "", markdown, purpose: "answer" } as const;
}

async function queueOver(state: StateStore, send: (chat: string) => Promise<SendOutcome>) {
  const clock = manualClock();
  const journal = await openOutboundJournal(state);
  if (!journal.ok) throw new Error(journal.error.message);
  const stopping = new AbortController();
  const deliveries: Delivery[] = [];
  const sent: { chat: string; at: number }[] = [];
  const queue = outboundQueue({
    adapter: {
      render: ({ markdown }) => markdown.split("|").map((text) => ({ text, plain: text })),
      send: (_piece, { conversation }) => {
        sent.push({ chat: conversation, at: clock.monotonic() });
        return send(conversation);
      },
    },
    journal: journal.value,
    lanes: lanes({ burst: 2, refill_ms: 1_000 }, clock, stopping.signal),
    clock,
    random,
    signal: stopping.signal,
    failPoint: noFailPoint,
    report: (delivery) => deliveries.push(delivery),
  });
  return { queue, clock, deliveries, sent, stopping };
}

const good = (): Promise<SendOutcome> => Promise.resolve({ kind: "sent", messageId: "1" });

test("outboundQueue sends nothing that it cannot write down first", async () => {
  const state: StateStore = { ...memoryState(memoryDisk()), put: () => Promise.resolve(fail("io", "full")) };
  const { queue, clock, deliveries, sent } = await queueOver(state, good);
  queue.accept(message("a"));
  await until(() => deliveries.length === 1, clock, 5_000);
  expect(sent).toEqual([]);
  expect(deliveries.map(({ state: end, code }) => `${end} ${code}`)).toEqual(["failed rejected"]);
});

test("outboundQueue is bounded: what does not fit fails at once", async () => {
  const { queue, clock, deliveries } = await queueOver(
    memoryState(memoryDisk()),
    () => new Promise(() => undefined),
  );
  for (let count = 0; count < 1_002; count++) queue.accept(message(`chat${count}`));
  await until(() => deliveries.filter(({ state }) => state === "failed").length === 2, clock, 5_000);
  expect(deliveries.filter(({ state }) => state === "failed").map(({ code }) => code)).toEqual([
    "rate_limited",
    "rate_limited",
  ]);
});

test("outboundQueue keeps each chat's pace, and a slow chat holds up no other", async () => {
  const { queue, clock, deliveries, sent } = await queueOver(memoryState(memoryDisk()), (chat) =>
    chat === "stuck" ? new Promise(() => undefined) : good(),
  );
  queue.accept(message("stuck"));
  for (let count = 0; count < 5; count++) queue.accept(message("a"));
  await until(() => deliveries.filter(({ state }) => state === "delivered").length === 5, clock);
  const times = sent.filter(({ chat }) => chat === "a").map(({ at }) => Math.round(at / 1_000));
  expect(times).toEqual([0, 0, 1, 2, 3]);
});

test("outboundQueue gives up after its tries, and says why", async () => {
  for (const outcome of [{ kind: "retry" }, { kind: "later", afterMs: 5 }] as const) {
    const { queue, clock, deliveries, sent } = await queueOver(memoryState(memoryDisk()), () =>
      Promise.resolve(outcome),
    );
    queue.accept(message("a"));
    await until(() => deliveries.length === 2, clock, 600_000);
    expect(deliveries.at(-1)).toMatchObject({
      state: "failed",
      code: outcome.kind === "retry" ? "network" : "rate_limited",
    });
    expect(sent.length).toBe(8);
  }
});

test("outboundQueue reports a message whose document was damaged as unknown", async () => {
  const disk = memoryDisk();
  const outbound = message("a");
  disk.documents.set(`outbound-${outbound.outboundId}`, new TextEncoder().encode("{}"));
  const { queue, deliveries, sent, clock } = await queueOver(memoryState(disk), good);
  await queue.recover();
  queue.accept(outbound);
  await until(() => deliveries.length === 2, clock, 1_000);
  expect(deliveries.map(({ state }) => state)).toEqual(["unknown", "unknown"]);
  expect(sent).toEqual([]);
});

test("outboundQueue stops in the middle of a message, and the next life goes on at its next piece", async () => {
  const disk = memoryDisk();
  const first = await queueOver(memoryState(disk), good);
  first.queue.accept(message("a", "1|2|3|4"));
  await until(() => first.sent.length === 2, first.clock, 500); // the burst; the third waits for its second
  first.stopping.abort();
  const next = await queueOver(memoryState(disk), good);
  await next.queue.recover();
  await until(() => next.deliveries.at(-1)?.state === "delivered", next.clock);
  expect([first.sent.length, next.sent.length]).toEqual([2, 2]);
  expect(next.deliveries.at(-1)?.messageIds.length).toBe(4);
  expect([...disk.documents.keys()]).toEqual(["ended-outbounds"]);
});
