/** What is Google Chat's own: events of every shape, marks that would hide or ping, tokens, spaces that are gone. */
import { afterEach, expect, test } from "bun:test";
import { answer, approval, ended, textOf } from "#kit/conformance-world.case.ts";
import { type Life, adapterLives, until } from "#kit/life-fake.ts";
import { googleKeys } from "#test/support/googlechat-fake/chat-api.ts";
import { readEvent } from "./inbound.ts";
import { googlechat } from "./main.ts";
import { inert } from "./outbound.ts";
import { ANA, SPACE, chatHandoff, chatWorld } from "./world.case.ts";

const keys = googleKeys();
let life: Life | undefined;
afterEach(() => life?.kill());

function begin() {
  const world = chatWorld(keys);
  const lives = adapterLives(world.define, world.handoff, world.clock);
  life = lives.start();
  return { world, lives, tell: life.tell };
}

const EVENT = {
  type: "MESSAGE",
  eventTime: "2026-11-24T10:00:00.123456Z",
  user: ANA,
  space: { name: "spaces/TEAM", spaceType: "SPACE" },
  message: { name: "spaces/TEAM/messages/1.1", text: "hi", thread: { name: "spaces/TEAM/threads/T" } },
};

test("readEvent reads a person's message and nothing else", () => {
  expect(readEvent(EVENT)?.draft).toMatchObject({
    eventId: "spaces/TEAM/messages/1.1",
    senderId: "users/1001",
    conversation: "spaces/TEAM",
    thread: "spaces/TEAM/threads/T",
    isGroup: true,
    mentioned: false,
  });
  const others = [
    { user: { ...ANA, type: "BOT" } },
    { user: { ...ANA, type: undefined } },
    { user: { ...ANA, name: "users/../x" } },
    { user: undefined },
    { space: { name: "spaces/a/b" } },
    { space: undefined },
    { message: undefined },
    { message: { name: "x" } },
    { type: "ADDED_TO_SPACE" },
    { type: "CARD_CLICKED" },
    { type: undefined },
  ];
  for (const more of others) expect([more, readEvent({ ...EVENT, ...more })]).toEqual([more, undefined]);
});

test("readEvent takes a button's value from our own parameter, and quoted text for no command", () => {
  const action = { actionMethodName: "answer", parameters: [{ key: "value", value: "approve:a-1" }] };
  expect(readEvent({ ...EVENT, type: "CARD_CLICKED", action })?.draft).toMatchObject({
    kind: "button",
    value: "approve:a-1",
  });
  const quotedMessageMetadata = { quotedMessageSnapshot: { text: "/approve a-1" } };
  const quoted = readEvent({ ...EVENT, message: { ...EVENT.message, text: "see", quotedMessageMetadata } });
  expect(quoted?.draft).toMatchObject({
    kind: "message",
    value: "",
    parts: [{ kind: "text" }, { kind: "quoted" }],
  });
});

test("readEvent survives every shape", () => {
  for (const value of [null, 1, "x", [], {}, [null], { name: 1 }]) {
    expect(() => readEvent(value)).not.toThrow();
    for (const key of ["type", "eventTime", "user", "space", "message", "action"]) {
      expect(() => readEvent({ ...EVENT, [key]: value })).not.toThrow();
      expect(() => readEvent({ ...EVENT, type: "CARD_CLICKED", [key]: value })).not.toThrow();
    }
    for (const key of [
      "thread",
      "attachment",
      "annotations",
      "quotedMessageMetadata",
      "text",
      "argumentText",
    ]) {
      expect(() => readEvent({ ...EVENT, message: { ...EVENT.message, [key]: value } })).not.toThrow();
    }
  }
});

test("inert leaves no call and no hidden address", () => {
  for (const text of [
    "<users/all>",
    "<USERS/123>",
    "<https://e.x|ok>",
    "<mailto:a@b.c|x>",
    "<javascript:x|y>",
  ]) {
    expect(inert(text)).not.toMatch(/<(users\/|[a-z][a-z0-9+.-]*:)/i);
  }
  expect(inert("a < b, <b>x</b>")).toBe("a < b, <b>x</b>");
});

test("a call to everybody in an answer, a request and an outcome is none", async () => {
  const { world, lives, tell } = begin();
  const outbound = answer(world, "<users/all> `<users/all>` <https://evil.example|good.example>");
  tell({ kind: "outbound", outbound });
  await until(() => ended(lives, outbound) !== undefined, world.clock);
  const prompt = approval(world, { exact: "echo '<users/all>'", title: "<users/all>?" });
  tell({ kind: "prompt", prompt });
  await until(() => world.seen().length === 2, world.clock);
  const { approvalId, conversation, thread } = prompt;
  tell({
    kind: "promptClosed",
    closed: { approvalId, conversation, thread, outcome: "By <users/all>.", verdict: "denied" },
  });
  await until(() => world.seen()[1]?.buttons.length === 0, world.clock);
  expect(world.seen().flatMap(({ pings, links }) => [...pings, ...links])).toEqual([]);
  expect(world.violations()).toEqual([]);
});

test("an event of a token for another project, or none, brings nothing in", async () => {
  const { world, lives } = begin();
  await until(() => world.api.receiver !== undefined, world.clock);
  const body = JSON.stringify(world.event({}, { text: "run: id", argumentText: "run: id" }));
  const post = async (authorization: string): Promise<number | undefined> => {
    const headers = { authorization };
    const request = new Request("https://t.example/googlechat", { method: "POST", body, headers });
    return (await world.api.receiver?.(request))?.status;
  };
  const { api } = world;
  for (const token of ["", "x", api.token({ aud: "1" }), api.token({ iss: "x" }), api.token({ exp: 1 })]) {
    expect(await post(`Bearer ${token}`)).toBe(401);
  }
  expect(lives.gateway.inbound).toEqual([]);
  expect(await post(`Bearer ${api.token()}`)).toBe(200);
  expect(lives.gateway.inbound.map(textOf)).toEqual(["run: id"]);
});

test("a space that is gone, and a key that was deleted, are told apart", async () => {
  const { world, lives, tell } = begin();
  await until(() => lives.gateway.states.at(-1)?.state === "ready", world.clock);
  expect(lives.gateway.states.at(-1)?.detail).toBe("@wirken-bot");
  world.api.fail({ kind: "answer", status: 404 });
  const gone = answer(world, "x");
  tell({ kind: "outbound", outbound: gone });
  await until(() => ended(lives, gone) !== undefined, world.clock);
  expect(ended(lives, gone)).toMatchObject({ state: "failed", code: "blocked" });
  world.revoke();
  const late = answer(world, "y");
  tell({ kind: "outbound", outbound: late });
  await until(() => ended(lives, late) !== undefined, world.clock);
  expect(ended(lives, late)).toMatchObject({ state: "failed", code: "auth" });
  expect(lives.gateway.states.at(-1)?.state).toBe("rejected");
});

test("googlechat refuses to start with credentials that cannot be right", async () => {
  const damaged = keys.file.replace("BEGIN PRIVATE KEY", "BEGIN PUBLIC KEY");
  for (const secrets of [
    { "service-account": "{}" },
    { "service-account": damaged },
    { "project-number": "my-project" },
  ]) {
    const { clock } = chatWorld(keys);
    const lives = adapterLives(() => googlechat, chatHandoff(keys, secrets), clock);
    life = lives.start();
    await until(() => lives.gateway.states.at(-1)?.state === "rejected", clock, 2_000);
    expect(lives.gateway.states.at(-1)?.state).toBe("rejected");
    life.kill();
  }
});

test("600 messages of 50 spaces are taken, each once and in its space's order", async () => {
  const { world, lives } = begin();
  for (let n = 0; n < 600; n++) {
    const name = `spaces/S${n % 50}`;
    const space = { name, spaceType: "DIRECT_MESSAGE" };
    const text = `${n}`;
    world.api.push(
      name,
      world.event({ space }, { name: world.api.messageName(name), text, argumentText: text }),
    );
  }
  await until(() => world.api.undelivered === 0, world.clock);
  expect(lives.gateway.inbound.length).toBe(600);
  for (let at = 0; at < 50; at++) {
    const order = lives.gateway.inbound
      .filter(({ conversation }) => conversation === `spaces/S${at}`)
      .map((event) => Number(textOf(event)));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  }
  expect(lives.gateway.inbound.some(({ conversation }) => conversation === SPACE)).toBe(false);
}, 5_000);
