/** Discord's shapes: events, dialect, limits, files; hostile ones first. */
import { afterEach, expect, test } from "bun:test";
import { answer, approval, ended, textOf } from "#kit/conformance-world.case.ts";
import { type Life, type Lives, adapterLives, until } from "#kit/life-fake.ts";
import { run } from "#kit/markdown/document.ts";
import { systemClock } from "#runtime/clock.ts";
import { shownOf } from "#test/support/discord-fake/shown.ts";
import { isFileUrl } from "./api.ts";
import { readDispatch } from "./inbound.ts";
import { escapeDiscord, toDiscord } from "./markdown.ts";
import { rateGate } from "./rate-gate.ts";
import { ANA, DM, type DiscordWorld, discordWorld } from "./world.case.ts";

const ME = { id: "900000000000000001", username: "wirken" };
const GUILD = "600000000000000001";
let life: Life | undefined;
afterEach(() => life?.kill());

function begin(): { world: DiscordWorld; lives: Lives; now: Life } {
  const world = discordWorld();
  const lives = adapterLives(world.define, world.handoff, world.clock);
  const now = lives.start();
  life = now;
  return { world, lives, now };
}

const read = (more: object, name = "MESSAGE_CREATE") =>
  readDispatch(name, { ...discordWorld().message({ content: "hi", ...more }) }, ME);

test("readDispatch passes bots, webhooks, the system and itself over", () => {
  for (const more of [
    { author: { ...ANA, bot: true } },
    { author: { ...ANA, system: true } },
    { author: { ...ANA, id: ME.id } },
    { webhook_id: "1" },
    { type: 7 },
    { type: 20 },
    { content: "" },
  ]) {
    expect(read(more)).toBeUndefined();
  }
});

test("readDispatch tells typed, quoted and forwarded text apart, and only typed text commands", () => {
  const quoted = { id: "800000000000000001", author: { id: "1" }, content: "/approve a-1" };
  expect(read({ type: 19, referenced_message: quoted })?.draft).toMatchObject({
    kind: "message",
    mentioned: false,
    replyTo: quoted.id,
    parts: [
      { kind: "text", text: "hi" },
      { kind: "quoted", text: "/approve a-1" },
    ],
  });
  const forward = {
    content: "",
    message_reference: { type: 1 },
    message_snapshots: [{ message: { content: "/approve a-1" } }],
  };
  expect(read(forward)?.draft).toMatchObject({
    kind: "message",
    value: "",
    parts: [{ kind: "forwarded", text: "/approve a-1" }],
  });
});

test("readDispatch knows whom a message in a server is meant for", () => {
  expect(read({ guild_id: GUILD })?.draft).toMatchObject({ isGroup: true, mentioned: false });
  expect(read({ guild_id: GUILD, mentions: [{ id: ME.id }] })?.draft.mentioned).toBe(true);
  const mine = { id: "800000000000000001", author: { id: ME.id }, content: "x" };
  expect(read({ guild_id: GUILD, type: 19, referenced_message: mine })?.draft.mentioned).toBe(true);
  expect(read({ content: `<@${ME.id}> /status`, guild_id: GUILD })?.draft).toMatchObject({
    mentioned: true,
    kind: "command",
    value: "/status",
  });
  expect(read({ content: "<@1> /status", guild_id: GUILD })?.draft.kind).toBe("message");
  expect(read({ content: "@everyone hi", mention_everyone: true, guild_id: GUILD })?.draft.mentioned).toBe(
    false,
  );
});

test("readDispatch takes a person's edit, once, and never as a command; an unfolded address is none", () => {
  const edited = { content: "/approve a-1", edited_timestamp: "2026-01-01T00:00:00.000000+00:00" };
  expect(read(edited, "MESSAGE_UPDATE")?.draft).toMatchObject({ kind: "edit", value: "" });
  expect(read({}, "MESSAGE_UPDATE")).toBeUndefined();
});

test.each(["", "../../users/@me", "t/x", "t?x", "t%2f", "a b", "x".repeat(513)])(
  "readDispatch reads no interaction whose token is %p: it becomes a part of an address",
  (token) => {
    const press = {
      id: "800000000000000003",
      type: 3,
      channel_id: DM,
      context: 1,
      user: ANA,
      message: { id: "800000000000000001" },
      data: { custom_id: "approve:a-1" },
    };
    expect(readDispatch("INTERACTION_CREATE", { ...press, token: "t" }, ME)?.draft.value).toBe("approve:a-1");
    expect(readDispatch("INTERACTION_CREATE", { ...press, token }, ME)).toBeUndefined();
  },
);

test("readDispatch reads the slash command as the words that are typed", () => {
  const slash = (value: string) =>
    readDispatch(
      "INTERACTION_CREATE",
      {
        id: "800000000000000002",
        token: "t",
        type: 2,
        channel_id: DM,
        context: 1,
        user: ANA,
        data: { name: "wirken", options: [{ name: "say", value }] },
      },
      ME,
    )?.draft;
  expect(slash("pair 1234-5678")).toMatchObject({
    kind: "command",
    value: "/pair 1234-5678",
    isGroup: false,
  });
  expect(slash("/status")).toMatchObject({ kind: "command", value: "/status" });
  expect(slash("list files")).toMatchObject({
    kind: "message",
    parts: [{ kind: "text", text: "list files" }],
  });
  expect(slash("")).toMatchObject({ kind: "command", value: "/help" });
  expect(read({ content: "/wirken pair 1" })?.draft).toMatchObject({ kind: "command", value: "/pair 1" });
});

test("escapeDiscord leaves nothing that is markup, whatever stands in it", () => {
  const hostile = "**b** _i_ ~~s~~ `c` ||sp|| [x](https://e.x) <@1> <t:1:R> > q \\*";
  expect(shownOf(escapeDiscord(hostile))).toEqual({ text: hostile, links: [] });
  expect(escapeDiscord("see https://a.org/b_c_d now")).toBe("see https://a.org/b_c_d now");
  for (const start of ["# big", "-# small", "- item", "+ item", "1. one"]) {
    expect(toDiscord([{ kind: "paragraph", runs: [run(start)] }])).toContain("\\");
    expect(shownOf(toDiscord([{ kind: "paragraph", runs: [run(start)] }])).text).toBe(start);
  }
});

test("toDiscord keeps a code block closed, whatever stands in it", () => {
  const text = toDiscord([{ kind: "code", language: "x`\n```", text: "a ``` **b** ````\n```" }]);
  expect(text.match(/```/g)).toHaveLength(2);
  expect(text.startsWith("```\n")).toBe(true);
});

test("renderAnswer keeps 100 KB within Discord's limit, also where every character is escaped", async () => {
  const { world, lives, now } = begin();
  const outbound = answer(world, `${"*_ ".repeat(2_000)}\n\n${"word ".repeat(19_000)}`);
  now.tell({ kind: "outbound", outbound });
  await until(() => ended(lives, outbound) !== undefined, world.clock, 900_000);
  expect(ended(lives, outbound)?.state).toBe("delivered");
  expect(world.api.violations).toEqual([]);
  expect(world.seen().reduce((sum, { text }) => sum + (text.match(/word/g)?.length ?? 0), 0)).toBe(19_000);
});

test("sendPiece repeats what Discord may have done under the same nonce: it stands there once", async () => {
  const { world, lives, now } = begin();
  const outbound = answer(world, "once");
  now.tell({ kind: "outbound", outbound });
  await until(() => ended(lives, outbound) !== undefined, world.clock);
  const [sent] = world.api.sent;
  expect(sent?.nonce.length).toBeGreaterThan(20);
  const body = JSON.stringify({ content: "once", nonce: sent?.nonce, enforce_nonce: true });
  const headers = {
    authorization: "Bot MTIzNDU2.fake-token.of-the-strict-discord",
    "user-agent": "DiscordBot (https://x, 1)",
  };
  await world.api.fetch(`http://127.0.0.1:9/api/v10/channels/${DM}/messages`, {
    method: "POST",
    headers,
    body,
  });
  expect(world.api.sent).toHaveLength(1);
});

test("rateGate holds a route that is empty, and everything under the global limit", () => {
  const { clock } = discordWorld();
  const gate = rateGate(clock);
  const headers = (fields: Record<string, string>) => ({
    status: 200,
    headers: new Headers(fields),
    value: undefined,
  });
  gate.learn(
    "POST /a",
    headers({ "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1.5" }),
    undefined,
  );
  expect(gate.waitMs("POST /a")).toBe(1_500);
  expect(gate.waitMs("POST /b")).toBe(0);
  gate.learn("POST /a", headers({ "x-ratelimit-remaining": "4", "x-ratelimit-reset-after": "1" }), undefined);
  expect(gate.waitMs("POST /a")).toBe(0);
  gate.learn("POST /b", { ...headers({}), status: 429, value: { global: true } }, 2_000);
  expect(gate.waitMs("POST /c")).toBe(2_000);
  gate.learn(
    "POST /d",
    headers({ "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "NaN" }),
    undefined,
  );
  expect(gate.waitMs("POST /d")).toBe(2_000);
});

test("isFileUrl sends no request to a stranger's host", () => {
  const root = "https://discord.com/api/v10";
  expect(isFileUrl("https://cdn.discordapp.com/attachments/1/2/a.png?ex=1", root)).toBe(true);
  for (const url of [
    "http://cdn.discordapp.com/a",
    "https://cdn.discordapp.com.evil.org/a",
    "https://cdn.discordapp.com:444/a",
    "https://user:pw@cdn.discordapp.com/a",
    "http://169.254.169.254/latest",
    "https://discord.com/api/v10/users/@me",
    "file:///etc/passwd",
    "",
  ])
    expect(isFileUrl(url, root)).toBe(false);
});

test("takeFile brings a file without the token, and says so of one that cannot be had", async () => {
  const { world, lives } = begin();
  world.api.files.set("a.png", Uint8Array.fromHex("89504e470d0a1a0a00"));
  const file = (name: string, size = 9) => ({
    id: "1",
    filename: name,
    size,
    url: `http://127.0.0.1:9/files/${name}`,
    content_type: "image/png",
  });
  const attachments = [file("a.png"), file("gone.png"), file("huge.png", 10 ** 12)];
  world.api.gateway.dispatch("MESSAGE_CREATE", world.message({ content: "look", attachments }));
  await until(() => lives.gateway.inbound.length === 1, world.clock);
  expect(lives.gateway.inbound[0]?.parts.map(({ kind }) => kind)).toEqual([
    "text",
    "attachment",
    "preview",
    "preview",
  ]);
  expect(world.api.violations).toEqual([]);
});

test("sendPrompt of the largest request stays within Discord's limits", async () => {
  const { world, now } = begin();
  const facts = [{ label: "x*".repeat(200), text: "y_".repeat(900), alarming: true }];
  const grantOffer = "z`".repeat(300);
  now.tell({
    kind: "prompt",
    prompt: approval(world, { tier: 2, exact: "`".repeat(11_000), facts, grantOffer }),
  });
  await until(() => world.seen().some(({ buttons }) => buttons.length === 3), world.clock, 200_000);
  expect(world.seen().at(-1)?.buttons).toHaveLength(3);
  expect(world.api.violations).toEqual([]);
});

test("200 messages a second from 50 chats: none is lost, each chat stays in order", async () => {
  const { world, lives } = begin();
  await until(() => lives.gateway.states.at(-1)?.state === "ready", world.clock);
  const begun = systemClock.monotonic();
  for (let n = 0; n < 600; n++) {
    const channel_id = `5000000000000000${10 + (n % 50)}`;
    world.api.gateway.dispatch(
      "MESSAGE_CREATE",
      world.message({ channel_id, content: `${Math.floor(n / 50)}` }),
    );
    if (n % 20 === 19) await until(() => false, world.clock, 100);
  }
  expect(await until(() => lives.gateway.inbound.length === 600, world.clock)).toBe(true);
  for (let chat = 0; chat < 50; chat++) {
    const own = lives.gateway.inbound.filter(
      ({ conversation }) => conversation === `5000000000000000${10 + chat}`,
    );
    expect(own.map(textOf)).toEqual(Array.from({ length: 12 }, (_, n) => String(n)));
  }
  expect(systemClock.monotonic() - begun).toBeLessThan(5_000);
});
