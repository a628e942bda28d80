/** Matrix's own rules: who is believed, what is replaced, what breaks on the way, a rush. */
import { expect, test } from "bun:test";
import { type Life, adapterLives, until } from "#kit/life-fake.ts";
import { answer, ended, textOf } from "#kit/conformance-world.case.ts";
import { BOT } from "#test/support/matrix-fake/homeserver.ts";
import { failureOfAnswer } from "./failure.ts";
import { isUserId, mediaPath } from "./ids.ts";
import { withoutQuotation } from "./message.ts";
import { ANA, BEN, TEAM, matrixWorld } from "./world.case.ts";

function begin() {
  const world = matrixWorld();
  const lives = adapterLives(world.define, world.handoff, world.clock);
  const life: Life = lives.start();
  const heard = async (count: number) => {
    await until(() => lives.gateway.inbound.length >= count, world.clock, 10_000);
    await until(() => false, world.clock, 1_000);
    return lives.gateway.inbound;
  };
  return { world, lives, life, heard, [Symbol.dispose]: () => life.kill() };
}

test("sendPiece is shown once when its answer was cut off, and known to be delivered", async () => {
  using lab = begin();
  const { world, lives, life } = lab;
  world.trouble("cut");
  const outbound = answer(world, "perhaps");
  life.tell({ kind: "outbound", outbound });
  await until(() => ended(lives, outbound) !== undefined, world.clock);
  expect(ended(lives, outbound)?.state).toBe("delivered");
  expect(world.server.sent).toHaveLength(1);
});

test("readEvent drops notices, its own words, edits of other people's messages, and what has no shape", async () => {
  using lab = begin();
  const { world } = lab;
  const first = world.message({ msgtype: "m.text", body: "mine" });
  world.message({ msgtype: "m.notice", body: "a program" });
  world.message({ msgtype: "m.text", body: "my own" }, BOT);
  const edit = {
    "m.new_content": { msgtype: "m.text", body: "forged" },
    "m.relates_to": { rel_type: "m.replace", event_id: first },
  };
  world.message({ msgtype: "m.text", body: "* forged", ...edit }, BEN, TEAM);
  for (const content of [{}, { msgtype: 7, body: {} }, { msgtype: "m.text", body: ["x"] }])
    world.message(content);
  world.message({ msgtype: "m.text", body: "evil" }, "no id at all");
  world.message({
    msgtype: "m.text",
    body: "* better",
    ...edit,
    "m.new_content": { msgtype: "m.text", body: "better" },
  });
  const events = await lab.heard(2);
  expect(events.map((event) => [event.kind, textOf(event)])).toEqual([
    ["message", "mine"],
    ["edit", "better"],
  ]);
  expect(events[1]?.editOf).toBe(first);
});

test("readEvent marks what is answered as quoted, keeps the thread, and knows a mention", async () => {
  using lab = begin();
  const { world } = lab;
  const root = world.message({ msgtype: "m.text", body: "run: rm -rf /" }, BEN, TEAM);
  const body = `> <${BEN}> run: rm -rf /\n\nwhat is that?`;
  const reply = {
    "m.relates_to": { "m.in_reply_to": { event_id: root } },
    "m.mentions": { user_ids: [BOT] },
  };
  world.message({ msgtype: "m.text", body, ...reply }, ANA, TEAM);
  const thread = {
    rel_type: "m.thread",
    event_id: root,
    is_falling_back: true,
    "m.in_reply_to": { event_id: root },
  };
  world.message({ msgtype: "m.text", body: "Wirken: and this?", "m.relates_to": thread }, ANA, TEAM);
  const [plain, answered, threaded] = await lab.heard(3);
  expect(plain).toMatchObject({ mentioned: false, isGroup: true });
  expect(answered).toMatchObject({ mentioned: true, replyTo: root });
  expect(answered?.parts).toEqual([
    { kind: "text", text: "what is that?" },
    { kind: "quoted", text: "run: rm -rf /" },
  ]);
  expect(threaded).toMatchObject({ mentioned: true, thread: root, replyTo: "" });
  expect(threaded?.parts).toEqual([{ kind: "text", text: "and this?" }]);
});

test("fillGap brings what a busy room left out of a sync, in order, once", async () => {
  using lab = begin();
  const { world, lives, life } = lab;
  world.say("before");
  await lab.heard(1);
  life.kill();
  const said = Array.from({ length: 90 }, (_, at) => `missed ${at}`);
  for (const text of said) world.say(text);
  const next = lives.start();
  const events = await lab.heard(91);
  expect(events.map(textOf)).toEqual(["before", ...said]);
  next.kill();
});

test("meaningOf takes no sign on another message, of a removed answer, or from another room", async () => {
  using lab = begin();
  const { world } = lab;
  const message = world.message({ msgtype: "m.text", body: "hello" });
  world.react("✅", message);
  world.react("✅", "$unknown");
  world.react("✅", "no event");
  expect((await lab.heard(1)).map(({ kind }) => kind)).toEqual(["message"]);
});

test("tellUnreadable says it once, also after a restart, and nothing of the room is handed on", async () => {
  using lab = begin();
  const { world, lives, life } = lab;
  world.server.stream.open("!secret:lab.test", { [ANA]: "Ana" }, true);
  const write = (): string => world.message({ msgtype: "m.text", body: "psst" }, ANA, "!secret:lab.test");
  write();
  await until(() => world.server.sent.length === 1, world.clock, 5_000);
  life.kill();
  const next = lives.start();
  write();
  await lab.heard(1);
  expect(lives.gateway.inbound).toEqual([]);
  expect(world.server.sent).toHaveLength(1);
  expect(lives.gateway.states.at(-1)?.detail).toContain("encrypted rooms that it cannot read: 1");
  next.kill();
});

test("200 messages a second of 50 rooms arrive once and in order", async () => {
  using lab = begin();
  const { world } = lab;
  for (let room = 0; room < 50; room++) world.server.stream.open(`!r${room}:lab.test`, { [ANA]: "Ana" });
  for (let at = 0; at < 600; at++) {
    world.message({ msgtype: "m.text", body: String(at) }, ANA, `!r${at % 50}:lab.test`);
    if (at % 20 === 19) await world.clock.advance(100);
  }
  const events = await lab.heard(600);
  expect(events).toHaveLength(600);
  for (let room = 0; room < 50; room++) {
    const own = events
      .filter(({ conversation }) => conversation === `!r${room}:lab.test`)
      .map((event) => Number(textOf(event)));
    expect(own).toEqual(own.toSorted((a, b) => a - b));
    expect(own).toHaveLength(12);
  }
  expect(world.violations()).toEqual([]);
});

test.each([
  [401, { errcode: "M_UNKNOWN_TOKEN", soft_logout: true }, { kind: "auth", soft: true }],
  [401, { errcode: "M_UNKNOWN_TOKEN" }, { kind: "auth", soft: false }],
  [429, {}, { kind: "rate", afterMs: 5_000 }],
  [429, { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 250 }, { kind: "rate", afterMs: 250 }],
  [403, { errcode: "M_FORBIDDEN" }, { kind: "refused", reason: "blocked" }],
  [413, { errcode: "M_TOO_LARGE" }, { kind: "refused", reason: "too_long" }],
  [500, "oops", { kind: "unsure" }],
  [502, undefined, { kind: "busy" }],
] as const)("failureOfAnswer of status %p and %p", (status, value, failure) => {
  expect(failureOfAnswer({ status, headers: new Headers(), value })).toEqual(failure);
});

test("ids and media addresses cannot leave their place in a path", () => {
  expect(isUserId("@ana:example.org")).toBe(true);
  for (const text of ["ana", "@ana", "@a:b/../c", "@a\n:b", `@${"a".repeat(300)}:b`])
    expect(isUserId(text)).toBe(false);
  expect(mediaPath("mxc://example.org:8448/abc")).toBe("example.org%3A8448/abc");
  for (const text of ["https://e.x/a", "mxc://e.x/../a", "mxc://e.x/a?b", "mxc:///a"])
    expect(mediaPath(text)).toBeUndefined();
});

test("withoutQuotation takes the quotation of an answer and nothing else", () => {
  expect(withoutQuotation("> <@a:b> one\n> two\n\nmine")).toBe("mine");
  expect(withoutQuotation("> my own quote\n\nmine")).toBe("> my own quote\n\nmine");
});
