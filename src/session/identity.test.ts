import { expect, test } from "bun:test";
import type { NewRow } from "#contracts/audit-event.ts";
import { parseAgentId, parseInstanceId, type SessionId } from "#contracts/ids.ts";
import { MemoryJournal } from "#gateway/memory-journal.case.ts";
import { manualClock } from "#runtime/clock.ts";
import { fixedRandom } from "#runtime/random.ts";
import { Identity, type PlatformPlace } from "./identity.ts";

function setUp() {
  const journal = new MemoryJournal(manualClock());
  return { journal, identity: new Identity(journal, fixedRandom(3)) };
}

function chat(platformConversation: string): PlatformPlace {
  const agent = parseAgentId("default");
  const instance = parseInstanceId("telegram");
  if (!agent.ok || !instance.ok) throw new Error("fixture");
  return { agent: agent.value, instance: instance.value, platformConversation, thread: "", isGroup: false };
}

const inbound = (session: SessionId): NewRow => ({ session, kind: "inbound", trust: "user", payload: {} });

test("Identity.write gives first messages that overlap one conversation, and loses none", async () => {
  const { journal, identity } = setUp();
  const [first, second, third] = await Promise.all([
    identity.write(chat("1"), inbound),
    identity.write(chat("1"), inbound),
    identity.write(chat("2"), inbound),
  ]);
  expect(second?.conversation).toBe(first?.conversation);
  expect(third?.conversation.session).not.toBe(first?.conversation.session);
  expect([first?.row.seq, second?.row.seq, third?.row.seq]).toEqual([0, 1, 0]);
  expect(journal.kinds().filter((kind) => kind === "conversation_seen")).toHaveLength(2);
  expect(journal.kinds().slice(0, 2)).toEqual(["conversation_seen", "inbound"]);
});

test("Identity.write that cannot write rejects, leaves no row and begins anew with the next message", async () => {
  const { journal, identity } = setUp();
  journal.broken.add("inbound");
  const tries = await Promise.allSettled([
    identity.write(chat("1"), inbound),
    identity.write(chat("1"), inbound),
  ]);
  expect(tries.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(journal.rows).toEqual([]);
  expect(identity.current(chat("1"))).toBeUndefined();
  journal.broken.clear();
  const { conversation } = await identity.write(chat("1"), inbound);
  expect(identity.current(chat("1"))).toBe(conversation);
});

test("Identity knows a conversation's place before anyone is told of its first row", async () => {
  const { journal, identity } = setUp();
  const places: (string | undefined)[] = [];
  journal.subscribe((rows) => {
    for (const { session, kind } of rows) {
      if (kind === "inbound") places.push(identity.placeOf(session)?.platformConversation);
    }
  });
  await identity.write(chat("1"), inbound);
  expect(places).toEqual(["1"]);
});
