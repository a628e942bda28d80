/** Events without end: what an admitted person, or an adapter in many names, can make the record and memory hold. */
import { expect, test } from "bun:test";
import { GATEWAY_LANE, newPersonId, parseInstanceId, type PersonId } from "#contracts/ids.ts";
import { LIMITS } from "#contracts/limits.ts";
import { manualClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import { CountedRows } from "./counted-rows.ts";
import { Inflow, TOO_MUCH } from "./inflow.ts";
import { inbound } from "./lab.case.ts";
import { MemoryJournal } from "./memory-journal.case.ts";

const someone = (): PersonId => newPersonId((count) => systemRandom.bytes(count));

function desk() {
  const clock = manualClock();
  const journal = new MemoryJournal(clock);
  const onError = (error: unknown): never => {
    throw error;
  };
  const rows = new CountedRows({ journal, clock, onError }, 1);
  const instance = parseInstanceId("telegram");
  if (!instance.ok) throw new Error("inflow: instance");
  const inflow = new Inflow(clock, rows);
  const arrive = (person: PersonId, more: Parameters<typeof inbound>[0] = {}, isNew = false) =>
    inflow.refuses({ instance: instance.value, person, inbound: inbound(more).inbound, isNew });
  return { clock, journal, rows, arrive };
}

test("Inflow takes a burst, then drops 100,000 events into new conversations with one row, a count and one answer", async () => {
  const { clock, journal, arrive } = desk();
  const person = someone();
  const told: string[] = [];
  let taken = 0;
  for (let n = 0; n < 100_000; n++) {
    const said = await arrive(person, { conversation: `c${n}` }, true);
    if (said === undefined) taken += 1;
    else if (said !== "") told.push(said);
  }
  expect(taken).toBe(LIMITS.inflow_conversations_burst);
  expect(told).toEqual([TOO_MUCH]);
  expect(journal.rows).toHaveLength(2); // one for each allowance that was spent: conversations, then events
  await clock.advance(60_000);
  const counts = journal.rows.map((row) => Number(row.payload?.["count"]));
  expect(counts.reduce((sum, count) => sum + count)).toBe(100_000 - taken);
  expect(journal.rows.every((row) => row.session === GATEWAY_LANE && row.kind === "inbound_dropped")).toBe(
    true,
  );
});

test("Inflow lets an adapter in many names bring no more than its share", async () => {
  const { arrive } = desk();
  let taken = 0;
  for (let n = 0; n < 100; n++) {
    const person = someone();
    for (let at = 0; at < 100; at++) if ((await arrive(person)) === undefined) taken += 1;
  }
  expect(taken).toBe(LIMITS.inflow_events_burst * LIMITS.inflow_persons_factor);
});

test("Inflow counts answers for themselves, and lets everything in again with time", async () => {
  const { clock, arrive } = desk();
  const person = someone();
  const answer = { kind: "button", value: "deny:a-x", parts: [] } as const;
  for (let n = 0; n < LIMITS.inflow_answers_burst; n++) expect(await arrive(person, answer)).toBeUndefined();
  expect(await arrive(person, answer)).toBe(TOO_MUCH);
  expect(await arrive(person, { text: "/approve a-x" })).toBe("");
  expect(await arrive(person)).toBeUndefined();
  expect(await arrive(someone(), answer)).toBeUndefined();
  await clock.advance(60_000);
  expect(await arrive(person, answer)).toBeUndefined();
});

test("CountedRows tells what it counted when it ends, and forgets sorts that nobody could name", async () => {
  const { journal, rows } = desk();
  const row = { session: GATEWAY_LANE, kind: "inbound_dropped", trust: "external" } as const;
  for (let n = 0; n < 5_000; n++)
    await rows.note(`sort ${n % 2_500}`, (count = 1) => ({ ...row, payload: { count } }));
  rows[Symbol.dispose]();
  await Promise.resolve();
  const counts = journal.rows.map((each) => Number(each.payload?.["count"]));
  expect(counts.reduce((sum, count) => sum + count)).toBe(5_000);
  expect(journal.rows.length).toBeLessThan(2_100);
});
