/** Discord's gateway as it misbehaves: dead connections, lost sessions, refused intents and tokens, hostile frames. */
import { afterEach, expect, test } from "bun:test";
import { textOf } from "#kit/conformance-world.case.ts";
import { type Life, type Lives, adapterLives, until } from "#kit/life-fake.ts";
import { gatewayUrl, parseSession } from "./session.ts";
import { DM, type DiscordWorld, discordWorld } from "./world.case.ts";

let life: Life | undefined;
afterEach(() => life?.kill());

async function ready(): Promise<{ world: DiscordWorld; lives: Lives }> {
  const world = discordWorld();
  const lives = adapterLives(world.define, world.handoff, world.clock);
  life = lives.start();
  await until(() => lives.gateway.states.at(-1)?.state === "ready", world.clock);
  return { world, lives };
}

const said = ({ api }: DiscordWorld, op: number): number =>
  api.gateway.heard.filter((each) => each.op === op).length;

test("speak beats as it was told, with the last number", async () => {
  const { world } = await ready();
  await until(() => said(world, 1) >= 3, world.clock, 130_000);
  expect(said(world, 1)).toBeGreaterThanOrEqual(3);
  expect(world.api.gateway.heard.find(({ op }) => op === 1)?.beat).toBe(1);
});

test("speak leaves a connection that answers no heartbeat, and the session is resumed without loss", async () => {
  const { world, lives } = await ready();
  world.say("before");
  world.api.gateway.isMute = true;
  await until(() => said(world, 6) > 0, world.clock, 300_000);
  world.api.gateway.isMute = false;
  world.say("after");
  await until(() => lives.gateway.inbound.length === 2, world.clock);
  expect(lives.gateway.inbound.map(textOf)).toEqual(["before", "after"]);
  expect(said(world, 2)).toBe(1);
});

for (const [what, act] of [
  ["RECONNECT", (world: DiscordWorld) => world.api.gateway.order(7)],
  ["an invalid session that may be resumed", (world: DiscordWorld) => world.api.gateway.order(9, true)],
  ["a lost connection", (world: DiscordWorld) => world.api.gateway.drop(1006)],
  ["an unknown error", (world: DiscordWorld) => world.api.gateway.drop(4000)],
  ["no JSON", (world: DiscordWorld) => world.api.gateway.raw("<html>")],
  ["JSON that is no frame", (world: DiscordWorld) => world.api.gateway.raw("null")],
] as const) {
  test(`runSessions resumes after ${what}, and what came meanwhile arrives once`, async () => {
    const { world, lives } = await ready();
    act(world);
    world.say("meanwhile");
    await until(() => lives.gateway.inbound.length === 1, world.clock);
    await until(() => false, world.clock, 5_000);
    expect(lives.gateway.inbound.map(textOf)).toEqual(["meanwhile"]);
    expect(said(world, 2)).toBe(1);
    expect(said(world, 6)).toBeGreaterThanOrEqual(1);
  });
}

for (const code of [4007, 4009]) {
  test(`runSessions begins a new session after ${code}`, async () => {
    const { world, lives } = await ready();
    world.api.gateway.drop(code);
    await until(() => said(world, 2) === 2, world.clock);
    world.say("new");
    await until(() => lives.gateway.inbound.length === 1, world.clock);
    expect(lives.gateway.inbound.map(textOf)).toEqual(["new"]);
  });
}

test("runSessions begins anew where the session was forgotten, after Discord's five seconds", async () => {
  const { world, lives } = await ready();
  world.api.gateway.drop(1006);
  world.api.gateway.forget();
  const begun = world.clock.now();
  await until(() => said(world, 2) === 2, world.clock);
  expect(world.clock.now() - begun).toBeGreaterThanOrEqual(5_000);
  await until(() => lives.gateway.states.at(-1)?.state === "ready", world.clock);
});

test("catchUp reads what was written in private while no session lived, once and in order", async () => {
  const { world, lives } = await ready();
  world.say("before");
  await until(() => lives.gateway.inbound.length === 1, world.clock);
  await until(() => false, world.clock, 1_000);
  life?.kill();
  world.api.gateway.forget();
  const missed = ["one", "two"].map((content) => world.message({ content }));
  const bots = world.message({ content: "of a bot", author: { id: "1", bot: true } });
  world.api.history.push(...[...missed, bots].map((each) => ({ ...each })));
  life = lives.start();
  await until(() => said(world, 2) === 2, world.clock);
  world.say("now");
  await until(() => lives.gateway.inbound.length === 4, world.clock);
  expect(lives.gateway.inbound.map(textOf)).toEqual(["before", "one", "two", "now"]);
  expect(world.api.violations).toEqual([]);
});

test("runSessions does without an intent that is switched off", async () => {
  const world = discordWorld();
  world.api.gateway.readsContent = false;
  const lives = adapterLives(world.define, world.handoff, world.clock);
  life = lives.start();
  await until(() => lives.gateway.states.at(-1)?.state === "ready", world.clock);
  expect(lives.gateway.states.at(-1)?.state).toBe("ready");
  expect(world.api.gateway.heard.filter(({ op }) => op === 2).map(({ d }) => d["intents"])).toEqual([
    37_376, 4_608,
  ]);
});

test("runSessions says that a token was reset, and is back when it is mended", async () => {
  const { world, lives } = await ready();
  world.revoke();
  await until(() => lives.gateway.states.at(-1)?.state === "rejected", world.clock);
  expect(lives.gateway.states.at(-1)?.detail).toContain("Discord refused the bot token");
  world.api.gateway.isRevoked = false;
  await until(() => lives.gateway.states.at(-1)?.state === "ready", world.clock, 400_000);
  expect(lives.gateway.states.at(-1)?.state).toBe("ready");
});

test("beginEvent survives events of every wrong shape, and goes on", async () => {
  const { world, lives } = await ready();
  const wild = [
    {},
    { author: [] },
    { author: { id: 7 } },
    { id: "x".repeat(99) },
    { id: "1", channel_id: "../.." },
  ];
  for (const d of wild) {
    world.api.gateway.dispatch("MESSAGE_CREATE", d);
    world.api.gateway.dispatch("MESSAGE_UPDATE", { ...d, edited_timestamp: "soon" });
    world.api.gateway.dispatch("INTERACTION_CREATE", d);
    world.api.gateway.dispatch("toString", d);
  }
  world.api.gateway.dispatch("INTERACTION_CREATE", {
    id: world.api.id(),
    token: "../../../users/@me?",
    type: 3,
    channel_id: DM,
    user: { id: "400000000000000042" },
    message: { id: world.api.id() },
    data: { custom_id: "approve:a-1" },
  });
  world.say("still here");
  await until(() => lives.gateway.inbound.length === 1, world.clock);
  expect(lives.gateway.inbound.map(textOf)).toEqual(["still here"]);
  expect(world.api.violations).toEqual([]);
});

test("gatewayUrl names no host but Discord's own, or the operator's very server", () => {
  const own = "https://discord.com/api/v10";
  expect(gatewayUrl("wss://gateway.discord.gg", own)).toBe("wss://gateway.discord.gg/?v=10&encoding=json");
  expect(gatewayUrl("wss://gateway-us-east1-b.discord.gg/?compress=zlib", own)).toBe(
    "wss://gateway-us-east1-b.discord.gg/?v=10&encoding=json",
  );
  for (const hostile of [
    "ws://gateway.discord.gg",
    "wss://discord.gg.evil.org",
    "wss://evildiscord.gg",
    "wss://gateway.discord.gg:8443",
    "wss://user@gateway.discord.gg",
    "ws://127.0.0.1:8080",
    "https://gateway.discord.gg",
    "",
  ]) {
    expect(gatewayUrl(hostile, own)).toBeUndefined();
  }
  expect(gatewayUrl("ws://127.0.0.1:8080/gateway", "http://127.0.0.1:8080/api/v10")).toBeDefined();
  expect(gatewayUrl("ws://127.0.0.1:8081/gateway", "http://127.0.0.1:8080/api/v10")).toBeUndefined();
  expect(gatewayUrl("wss://gateway.discord.gg", "http://127.0.0.1:8080/api/v10")).toBeUndefined();
});

test("parseSession believes nothing that another version or another server left", () => {
  const root = "https://discord.com/api/v10";
  const url = "wss://gateway.discord.gg";
  expect(parseSession(JSON.stringify({ id: "s", url, seq: 4 }), root)).toEqual({ id: "s", url, seq: 4 });
  for (const text of ["", "null", "[]", "{", `{"id":"s","url":"ws://127.0.0.1:1","seq":4}`])
    expect(parseSession(text, root)).toBeUndefined();
  expect(parseSession(JSON.stringify({ id: "s", url, seq: -1 }), root)).toBeUndefined();
});
