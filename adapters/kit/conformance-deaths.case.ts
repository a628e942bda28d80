/** Conformance: an adapter dies at every step and is started again. */
import { expect } from "bun:test";
import { fixedRandom } from "#runtime/random.ts";
import {
  type ConformanceWorld,
  type Suite,
  answer,
  approval,
  ended,
  textOf,
  texts,
} from "./conformance-world.case.ts";
import { FAIL_POINTS } from "./fail-point.ts";
import { type Life, adapterLives, until } from "./life-fake.ts";

/** Nothing is lost, run twice or sent twice, whenever death comes. */
export function deathCases(suite: Suite): void {
  for (const point of FAIL_POINTS) {
    suite.check(`killed at ${point}: nothing is lost, run twice or sent twice`, async () => {
      const world = suite.make();
      const lives = adapterLives(world.define, world.handoff, world.clock);
      suite.life = lives.start({ point, nth: 1 });
      const outbound = answer(world, "answer");
      world.say("question");
      // Where death comes on the inbound way, no answer is on its way that it could hit as well.
      if (point.startsWith("outbound")) suite.life?.tell({ kind: "outbound", outbound });
      await until(() => suite.life?.dead === true, world.clock, 20_000);
      expect(suite.life?.dead).toBe(true);
      suite.life = lives.start();
      suite.life?.tell({ kind: "outbound", outbound }); // the gateway repeats what it has no outcome for
      const done = (): boolean => lives.gateway.inbound.length === 1 && ended(lives, outbound) !== undefined;
      expect(await until(done, world.clock)).toBe(true);
      await until(() => false, world.clock, 3_000);
      expect(lives.gateway.inbound.map(textOf)).toEqual(["question"]);
      expect(texts(world).length).toBeLessThanOrEqual(1);
      const state = ended(lives, outbound)?.state;
      const begun = point === "outbound.sending" || point === "outbound.sent";
      expect(state).toBe(begun ? "unknown" : "delivered");
      if (state === "delivered") expect(texts(world)).toEqual(["answer"]);
    });
  }

  suite.check("random deaths: no message lost or run twice, no piece sent twice, order kept", async () => {
    for (let seed = 1; seed <= 40; seed++) await randomDeaths(suite.make(), seed);
  });

  suite.check("a strict platform objected to nothing in a whole conversation", async () => {
    const { world, lives, life: now } = suite.begin();
    world.say("hello");
    const outbound = answer(
      world,
      "# Title\n\n- **a** `b`\n- [c](https://example.org)\n\n> quote\n\n| x | y |\n|--|--|\n| 1 | 2 |",
    );
    now.tell({ kind: "activity", conversation: world.chat, thread: "", working: true });
    now.tell({ kind: "outbound", outbound });
    now.tell({ kind: "prompt", prompt: approval(world, {}) });
    await until(() => ended(lives, outbound) !== undefined && world.seen().length >= 2, world.clock);
    now.tell({ kind: "activity", conversation: world.chat, thread: "", working: false });
    await until(() => false, world.clock, 1_000);
    expect(world.violations()).toEqual([]);
  });
}

/** Six messages each way while the adapter dies again and again at points drawn from `seed`. */
async function randomDeaths(world: ConformanceWorld, seed: number): Promise<void> {
  const chance = fixedRandom(seed * 7_919);
  const pick = (count: number): number => Math.floor(chance.unit() * count);
  const lives = adapterLives(world.define, world.handoff, world.clock);
  const said = Array.from({ length: 6 }, (_, index) => `in ${index}`);
  const outbounds = said.map((_, index) => answer(world, `out ${index}`));
  const next = (): Life =>
    lives.start({ point: FAIL_POINTS[pick(FAIL_POINTS.length)] ?? "inbound.sent", nth: 1 + pick(4) });
  let life = next();
  for (const [index, text] of said.entries()) {
    world.say(text);
    const outbound = outbounds[index];
    if (outbound !== undefined) life.tell({ kind: "outbound", outbound });
    await until(() => life.dead, world.clock, pick(3_000));
    if (!life.dead) continue;
    life = next();
    for (const one of outbounds.slice(0, index + 1)) {
      if (ended(lives, one) === undefined) life.tell({ kind: "outbound", outbound: one });
    }
  }
  life.kill();
  life = lives.start();
  for (const one of outbounds)
    if (ended(lives, one) === undefined) life.tell({ kind: "outbound", outbound: one });
  const done = (): boolean =>
    lives.gateway.inbound.length === said.length && outbounds.every((one) => ended(lives, one) !== undefined);
  expect(await until(done, world.clock, 300_000)).toBe(true);
  await until(() => false, world.clock, 2_000);
  expect(lives.gateway.inbound.map(textOf)).toEqual(said);
  const sent = texts(world);
  expect(new Set(sent).size).toBe(sent.length);
  const delivered = outbounds
    .filter((one) => ended(lives, one)?.state === "delivered")
    .map((one) => one.markdown);
  expect(sent.filter((text) => delivered.includes(text))).toEqual(delivered);
  life.kill();
}
