/** What was said while no connection stood: read from the history, in order, once, and not without end. */
import { afterEach, expect, test } from "bun:test";
import { type Life, type Lives, adapterLives, until } from "#kit/life-fake.ts";
import { BEN, type SlackWorld, slackWorld } from "./world.case.ts";

let life: Life | undefined;
afterEach(() => life?.kill());

function begin(world: SlackWorld = slackWorld()): { world: SlackWorld; lives: Lives } {
  const lives = adapterLives(world.define, world.handoff, world.clock);
  life = lives.start();
  return { world, lives };
}

async function ready({ world, lives }: { world: SlackWorld; lives: Lives }): Promise<void> {
  expect(await until(() => lives.gateway.states.at(-1)?.state === "ready", world.clock, 60_000)).toBe(true);
}

const texts = (lives: Lives): string[] =>
  lives.gateway.inbound.map(({ parts }) => parts.map((part) => ("text" in part ? part.text : "")).join(""));

test("what was written during an absence is read from the history, in order and once; strangers' is not", async () => {
  const lab = begin();
  const { world, lives } = lab;
  world.say("before");
  await until(() => lives.gateway.inbound.length === 1, world.clock);
  await until(() => false, world.clock, 2_000);
  life?.kill();
  world.slack.silent = true; // Slack gave these up
  for (let at = 0; at < 5; at++) world.say(`missed ${at}`);
  world.slack.say(BEN, "D0BEN", "a stranger to the record");
  await world.clock.advance(3_600_000);
  world.slack.silent = false;
  life = lives.start();
  world.say("after");
  await until(() => lives.gateway.inbound.length === 7, world.clock);
  await until(() => false, world.clock, 5_000);
  expect(texts(lives)).toEqual([
    "before",
    "missed 0",
    "missed 1",
    "missed 2",
    "missed 3",
    "missed 4",
    "after",
  ]);
});

test("after an absence a hundred conversations are caught up on, no faster than Slack allows", async () => {
  const lab = begin();
  const { world, lives } = lab;
  await ready(lab);
  const people = Array.from({ length: 100 }, (_, at) => ({ id: `U0P${at}`, name: "p" }));
  for (const person of people) world.slack.say(person, `D${person.id}`, "before");
  await until(() => lives.gateway.inbound.length === 100, world.clock, 10_000);
  await until(() => false, world.clock, 2_000);
  life?.kill();
  world.slack.silent = true;
  for (const person of people) world.slack.say(person, `D${person.id}`, "missed");
  world.slack.silent = false;
  const before = world.slack.calls.length;
  life = lives.start();
  await until(() => false, world.clock, 30_000);
  const asked = world.slack.calls.slice(before).filter((method) => method === "conversations.history").length;
  expect(asked).toBe(40);
  await until(() => lives.gateway.inbound.length === 200, world.clock, 300_000);
  expect(texts(lives).filter((text) => text === "missed").length).toBe(100);
});

test("what is older than a day is not run any more", async () => {
  const lab = begin();
  const { world, lives } = lab;
  world.say("before");
  await until(() => lives.gateway.inbound.length === 1, world.clock);
  await until(() => false, world.clock, 2_000);
  life?.kill();
  world.slack.silent = true;
  world.say("run: old");
  await world.clock.advance(2 * 86_400_000);
  world.slack.silent = false;
  life = lives.start();
  world.say("after");
  await until(() => lives.gateway.inbound.length === 2, world.clock);
  expect(texts(lives)).toEqual(["before", "after"]);
});
