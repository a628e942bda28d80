/** What only Slack has in its connection: acknowledgements, the announced end, silence, tokens, absences. */
import { afterEach, expect, test } from "bun:test";
import { type Life, type Lives, adapterLives, until } from "#kit/life-fake.ts";
import { isSlackFile, isSlackSocket } from "./api.ts";
import { slack as product, slackWith } from "./main.ts";
import { APP_TOKEN, BOT_TOKEN } from "#test/support/slack-fake/payloads.ts";
import { ANA, DIRECT, type SlackWorld, slackHandoff, slackWorld } from "./world.case.ts";

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

test("an envelope is acknowledged only once the gateway has its event, and offered again until then", async () => {
  const lab = begin();
  const { world, lives } = lab;
  await ready(lab);
  lives.gateway.deaf = true;
  world.say("not safe yet");
  await until(() => lives.gateway.inbound.length === 1, world.clock);
  await until(() => false, world.clock, 10_000);
  expect(world.slack.hub.acknowledged).toBe(0);
  expect(lives.gateway.inbound.length).toBe(1); // what Slack offers again joins what is on its way
  lives.gateway.deaf = false;
  life?.kill();
  life = lives.start();
  await until(() => world.slack.hub.acknowledged === 1, world.clock, 400_000);
  expect(lives.gateway.inbound.length).toBe(1);
  expect(world.slack.hub.lost).toEqual([]);
});

test("an announced end opens another connection beside the first: nothing is missed in between", async () => {
  const lab = begin();
  const { world, lives } = lab;
  const { hub } = world.slack;
  await ready(lab);
  await until(() => false, world.clock, 61_000);
  for (const reason of ["warning", "refresh_requested"] as const) {
    const opened = world.slack.calls.filter((method) => method === "apps.connections.open").length;
    hub.announceEnd(reason);
    world.say(`while ${reason}`);
    await until(() => hub.connections === 2, world.clock, 5_000);
    expect(hub.connections).toBe(2);
    await until(() => hub.connections === 1, world.clock, 30_000);
    expect(world.slack.calls.filter((method) => method === "apps.connections.open").length).toBe(opened + 1);
    await until(() => false, world.clock, 20_000);
  }
  expect(texts(lives)).toEqual(["while warning", "while refresh_requested"]);
  expect(lives.gateway.states.map(({ state }) => state)).toEqual(["starting", "ready"]);
});

test("a server that ends every connection at once is not asked without end", async () => {
  const lab = begin();
  const { world } = lab;
  await ready(lab);
  for (let round = 0; round < 200; round++) {
    world.slack.hub.announceEnd("warning");
    await until(() => false, world.clock, 500);
  }
  const asked = world.slack.calls.filter((method) => method === "apps.connections.open").length;
  expect(asked).toBeLessThan(20);
});

test("a silent connection is gone, a broken one is replaced", async () => {
  const lab = begin();
  const { world, lives } = lab;
  await ready(lab);
  world.slack.hub.forgetAll(); // the network swallows everything, and says nothing
  await until(() => world.slack.hub.connections === 1, world.clock, 120_000);
  world.say("after silence");
  await until(() => lives.gateway.inbound.length === 1, world.clock);
  world.slack.hub.dropAll();
  world.say("after a break");
  await until(() => lives.gateway.inbound.length === 2, world.clock);
  expect(texts(lives)).toEqual(["after silence", "after a break"]);
});

test("Socket Mode switched off, a revoked app token and a missing scope are told apart, and mended", async () => {
  const lab = begin();
  const { world, lives } = lab;
  await ready(lab);
  world.slack.hub.announceEnd("link_disabled");
  await until(() => lives.gateway.states.at(-1)?.state === "rejected", world.clock);
  expect(lives.gateway.states.at(-1)?.detail).toContain("Socket Mode is switched off");
  world.slack.appRevoked = true;
  world.slack.hub.dropAll();
  await until(() => lives.gateway.states.at(-1)?.detail.includes("app-level") === true, world.clock, 400_000);
  expect(lives.gateway.states.at(-1)).toMatchObject({ state: "rejected" });
  world.slack.appRevoked = false;
  world.slack.fail("apps.connections.open", {
    kind: "answer",
    status: 200,
    body: '{"ok":false,"error":"missing_scope"}',
  });
  await until(
    () => lives.gateway.states.at(-1)?.detail.includes("connections:write") === true,
    world.clock,
    400_000,
  );
  await until(() => lives.gateway.states.at(-1)?.state === "ready", world.clock, 400_000);
  expect(lives.gateway.states.at(-1)?.state).toBe("ready");
});

for (const [word, body, status, state] of [
  ["429", "{}", 429, "degraded"],
  ["an HTML page", "<html>", 200, "degraded"],
  ["internal_error", '{"ok":false,"error":"internal_error"}', 500, "degraded"],
  ["a body beyond any answer", "x".repeat(9_000_000), 200, "degraded"],
  ["token_expired", '{"ok":false,"error":"token_expired"}', 200, "rejected"],
  ["an answer without a bot", '{"ok":true,"user_id":"U1"}', 200, "degraded"],
] as const) {
  test(`a start that Slack answers with ${word} is told and tried again`, async () => {
    const world = slackWorld();
    world.slack.fail("auth.test", { kind: "answer", status, body });
    const { lives } = begin(world);
    await until(() => lives.gateway.states.some(({ state: seen }) => seen === state), world.clock, 60_000);
    expect(lives.gateway.states.at(-1)?.state).toBe(state);
    await until(() => lives.gateway.states.at(-1)?.state === "ready", world.clock, 400_000);
    expect(lives.gateway.states.at(-1)?.state).toBe("ready");
  });
}

test("a Slack that never answers is given up after half a minute, and asked again", async () => {
  const world = slackWorld();
  let asked = 0;
  const hanging = slackWith(
    (_url, init) =>
      new Promise((_resolve, reject) => {
        asked += 1;
        init.signal?.addEventListener("abort", () => reject(new Error("late")));
      }),
    () => world.slack.openSocket,
  );
  const lives = adapterLives(() => hanging, world.handoff, world.clock);
  life = lives.start();
  await until(() => asked === 2, world.clock, 60_000);
  expect({ asked, state: lives.gateway.states.at(-1)?.state }).toEqual({ asked: 2, state: "degraded" });
});

test("frames of no shape end nothing, and a message of no shape is passed over", async () => {
  const lab = begin();
  const { world, lives } = lab;
  await ready(lab);
  const frames = [
    "",
    "null",
    "[]",
    "{",
    '{"type":"events_api"}',
    '{"type":"events_api","envelope_id":"e","payload":[]}',
    '{"type":"hello"}',
    `{"type":"events_api","envelope_id":"x","payload":${"[".repeat(50_000)}`,
    '{"type":"events_api","envelope_id":"__proto__","payload":{"event":{"type":"message","text":{}}}}',
  ];
  for (const frame of frames) world.slack.hub.say(frame);
  world.say("still here");
  await until(() => lives.gateway.inbound.length === 1, world.clock);
  expect(texts(lives)).toEqual(["still here"]);
});

test("the tokens go to Slack and to the configured server alone, and stand in no report, log line or document", async () => {
  expect(isSlackSocket("wss://wss-primary.slack.com/link/?ticket=x", "https://slack.com/api")).toBe(true);
  for (const url of [
    "ws://wss-primary.slack.com/",
    "wss://slack.com.evil.org/",
    "wss://evil.org/",
    "https://slack.com/",
    "",
  ]) {
    expect(isSlackSocket(url, "https://slack.com/api")).toBe(false);
  }
  expect(isSlackSocket("ws://127.0.0.1:4000/link", "http://127.0.0.1:4000/api")).toBe(true);
  expect(isSlackSocket("ws://127.0.0.1:4001/link", "http://127.0.0.1:4000/api")).toBe(false);
  expect(isSlackFile("https://files.slack.com/files-pri/T/F/a.txt", "https://slack.com/api")).toBe(true);
  expect(isSlackFile("https://files.slack.com/x", "https://proxy.example.org/api")).toBe(false);
  const lab = begin();
  const { world, lives } = lab;
  await ready(lab);
  world.say("hello");
  world.revoke();
  world.slack.event({ type: "tokens_revoked", tokens: { bot: ["U0BOT"] } });
  await until(() => lives.gateway.states.at(-1)?.state === "rejected", world.clock);
  const all = JSON.stringify([lives.gateway.states, lives.log.lines, lives.gateway.inbound]);
  const documents = [...lives.disk.documents.values()].map((bytes) => new TextDecoder().decode(bytes)).join();
  for (const token of [BOT_TOKEN, APP_TOKEN]) expect(all + documents).not.toContain(token);
  expect(all).not.toContain("slack.com");
});

test("make refuses tokens that are missing, mistaken for each other, or for an open address", () => {
  const world = slackWorld();
  const lives = adapterLives(world.define, { ...slackHandoff(), secret: () => undefined }, world.clock);
  life = lives.start();
  const handoff = slackHandoff();
  const swapped = {
    ...handoff,
    secret: (name: string) => handoff.secret(name === "token" ? "app-token" : "token"),
  };
  const other = adapterLives(world.define, swapped, world.clock);
  const second = other.start();
  const open = adapterLives(
    world.define,
    slackHandoff({ "api-base": "http://example.org/api" }),
    world.clock,
  );
  const third = open.start();
  return until(() => open.gateway.states.at(-1)?.state === "rejected", world.clock).then(() => {
    for (const one of [lives, other, open]) expect(one.gateway.states.at(-1)?.state).toBe("rejected");
    expect(JSON.stringify(other.gateway.states)).not.toContain(APP_TOKEN);
    second.kill();
    third.kill();
    expect(product.channel).toBe("slack");
  });
});

test("200 messages a second from 50 conversations for two seconds: all once, in order, acknowledged in time", async () => {
  const lab = begin();
  const { world, lives } = lab;
  await ready(lab);
  for (let tick = 0; tick < 20; tick++) {
    for (let at = 0; at < 20; at++) {
      const chat = (tick * 20 + at) % 50;
      world.slack.say({ ...ANA, id: `U0ANA${chat}` }, `${DIRECT}${chat}`, `${tick * 20 + at}`);
    }
    await until(() => false, world.clock, 100);
  }
  expect(await until(() => lives.gateway.inbound.length === 400, world.clock, 10_000)).toBe(true);
  for (let chat = 0; chat < 50; chat++) {
    const own = lives.gateway.inbound.filter(({ conversation }) => conversation === `${DIRECT}${chat}`);
    const numbers = own.map(({ parts }) =>
      Number(parts.map((part) => ("text" in part ? part.text : "")).join("")),
    );
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(numbers.length).toBe(8);
  }
  await until(() => world.slack.hub.open === 0, world.clock, 5_000);
  expect(world.slack.hub.acknowledged).toBe(400);
  expect(world.slack.violations).toEqual([]);
});
