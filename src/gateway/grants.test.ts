/** Stored permissions: durable before they count, gone at once when they are taken back, whatever the record says. */
import { expect, test } from "bun:test";
import { newPersonId } from "#contracts/ids.ts";
import { StorableAction } from "#policy/grant.ts";
import { SAMPLES } from "#policy/samples.case.ts";
import { manualClock } from "#runtime/clock.ts";
import { fixedRandom } from "#runtime/random.ts";
import { Grants } from "./grants.ts";
import { MemoryJournal } from "./memory-journal.case.ts";

const random = fixedRandom(5);
const person = newPersonId((count) => random.bytes(count));
const SCOPE = { agent: "default", channel: "webchat", person };
const storable = StorableAction.of(SAMPLES.boxed_exec, { tier: 2, once: false });
if (storable === undefined) throw new Error("a boxed command is storable");
const STORABLE = storable;

function fresh() {
  const clock = manualClock();
  const journal = new MemoryJournal(clock);
  return { clock, journal, grants: new Grants({ journal, clock, random }, []) };
}

test("Grants holds a permission once its row is written, and takes it back at once, also after a restart", async () => {
  const { clock, journal, grants } = fresh();
  const grant = await grants.add(STORABLE, SCOPE, 1, person);
  expect(grants.list()).toEqual([grant]);
  const revoked = grants.revoke(grant.id, person);
  expect(grants.list()).toEqual([]); // before its row is written
  expect(await revoked).toBe(true);
  expect(await grants.revoke(grant.id, person)).toBe(false);
  expect(new Grants({ journal, clock, random }, journal.rows).list()).toEqual([]);
});

test("Grants has no permission whose row cannot be written, and no longer one whose taking back cannot", async () => {
  const { journal, grants } = fresh();
  const grant = await grants.add(STORABLE, SCOPE, 1, person);
  journal.broken.add("*");
  await expect(grants.add(STORABLE, SCOPE, 1, person)).rejects.toThrow();
  expect(grants.list()).toEqual([grant]);
  await expect(grants.revoke(grant.id, person)).rejects.toThrow();
  expect(grants.list()).toEqual([]);
});
