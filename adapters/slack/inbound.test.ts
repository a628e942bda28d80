/**
 * What only Slack has in what comes in: its markup, homes of people, threads, edits, other workspaces, other
 * bots.
 */
import { afterEach, expect, test } from "bun:test";
import { type Life, type Lives, adapterLives, until } from "#kit/life-fake.ts";
import { BOT, TEAM } from "#test/support/slack-fake/payloads.ts";
import { ANA, BEN, DIRECT, type SlackWorld, slackWorld } from "./world.case.ts";
import { typedText } from "./message-text.ts";

const CHANNEL = "C0GENERAL";
let life: Life | undefined;
afterEach(() => life?.kill());

function begin(): { world: SlackWorld; lives: Lives } {
  const world = slackWorld();
  const lives = adapterLives(world.define, world.handoff, world.clock);
  life = lives.start();
  return { world, lives };
}

async function handedOn(lives: Lives, world: SlackWorld, count: number) {
  await until(() => lives.gateway.inbound.length >= count, world.clock, 30_000);
  return lives.gateway.inbound;
}

for (const [raw, typed] of [
  ["a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"],
  ["<https://example.org/x?a=1&amp;b=2>", "https://example.org/x?a=1&b=2"],
  ["<http://example.org|example.org>", "example.org"],
  ["<https://evil.org|my bank>", "my bank (https://evil.org)"],
  ["<mailto:ana@example.org|ana@example.org>", "ana@example.org"],
  [
    "hi <@U123> and <@U124|ben>, <#C1|general>, <!here>, <!subteam^S1|@ops>",
    "hi @U123 and @ben, #general, @here, @ops",
  ],
  ["<!date^1^{date}|today>", "today"],
  ["a < b <> c", "a < b  c"],
] as const) {
  test(`typedText reads ${raw}`, () => expect(typedText(raw)).toBe(typed));
}

test("a channel's message is reported with whether the bot was named, in the thread that it begins", async () => {
  const { world, lives } = begin();
  const { slack } = world;
  const root = slack.say(BEN, CHANNEL, "just talk");
  slack.say(BEN, CHANNEL, "", { text: `<@${BOT.id}> list files` });
  slack.say(BEN, CHANNEL, "", { text: `<@${BOT.id}x> hi` });
  slack.say(BEN, CHANNEL, "yes", { thread_ts: root["ts"], parent_user_id: BOT.id });
  const events = await handedOn(lives, world, 4);
  expect(events.map(({ isGroup, mentioned }) => `${isGroup},${mentioned}`)).toEqual([
    "true,false",
    "true,true",
    "true,false",
    "true,true",
  ]);
  expect(events[1]?.parts).toEqual([{ kind: "text", text: "list files" }]);
  expect(events[1]?.thread).toBe(events[1]?.messageId);
  expect(events[3]).toMatchObject({ thread: root["ts"], replyTo: root["ts"], conversation: CHANNEL });
  expect(events[0]).toMatchObject({ senderId: `${TEAM}/${BEN.id}` });
});

test("a person of another organisation is somebody else, whatever their id", async () => {
  const { world, lives } = begin();
  world.slack.say({ ...ANA, team: "T0OTHER" }, CHANNEL, "run: id");
  world.slack.say(ANA, CHANNEL, "x", { user_team: "T0OTHER" });
  world.slack.slash({ ...ANA, team: "T0OTHER" }, DIRECT, "status"); // another workspace's command is not for us
  world.slack.press(
    { ...ANA, team: "T0OTHER" },
    { ts: "1.000001", channel: DIRECT, thread: "" },
    "approve:a",
  );
  world.slack.press(ANA, { ts: "1.000001", channel: DIRECT, thread: "" }, "approve:a");
  const events = await handedOn(lives, world, 4);
  expect(events.map(({ senderId }) => senderId).toSorted()).toEqual([
    "T0OTHER/U0ANA",
    "T0OTHER/U0ANA",
    "T0OTHER/U0ANA",
    "T0TEAM/U0ANA",
  ]);
});

test("events of another workspace, other bots, Slack itself and service messages are acknowledged and left out", async () => {
  const { world, lives } = begin();
  const { slack } = world;
  const foreign = [{ enterprise_id: null, team_id: "T0OTHER", user_id: BOT.id, is_bot: true }];
  const text = { type: "message", user: ANA.id, text: "hi", channel: DIRECT };
  slack.event({ ...text, ts: slack.ts() }, { authorizations: foreign });
  slack.event({ ...text, ts: slack.ts() }, { team_id: "T0OTHER", authorizations: [] });
  slack.say(ANA, DIRECT, "in a person's name", { bot_id: "B0OTHER", app_id: "A0OTHER" });
  slack.say(ANA, DIRECT, "beep", { subtype: "bot_message", bot_id: "B0OTHER" });
  slack.say({ id: "USLACKBOT", name: "slackbot" }, DIRECT, "reminder");
  slack.say({ id: BOT.id, name: "me" }, DIRECT, "my own");
  slack.say(ANA, CHANNEL, "Ana joined", { subtype: "channel_join" });
  slack.event({ type: "message" });
  slack.event({ type: "team_join", user: {} });
  slack.hub.push("interactive", { type: "view_submission" });
  slack.hub.push("slash_commands", {});
  world.say("at last");
  const events = await handedOn(lives, world, 1);
  await until(() => slack.hub.open === 0, world.clock);
  expect(events.map(({ parts }) => parts)).toEqual([[{ kind: "text", text: "at last" }]]);
  expect(slack.hub.open).toBe(0);
});

test("an edit and a deletion are events of their own; Slack's own changes and other editors are none", async () => {
  const { world, lives } = begin();
  const { slack } = world;
  const edited = { user: ANA.id, ts: "1800000009.000100" };
  const message = { type: "message", user: ANA.id, text: "hello", ts: "1800000001.000100", edited };
  const previous_message = { ...message, text: "helo" };
  const change = { type: "message", subtype: "message_changed", channel: DIRECT, ts: "1800000009.000200" };
  slack.event({ ...change, message, previous_message });
  slack.event({ ...change, message, previous_message: message }); // a preview was added
  slack.event({ ...change, message: { ...message, edited: { ...edited, user: BEN.id } }, previous_message });
  slack.event({ ...change, subtype: "message_deleted", deleted_ts: message.ts, previous_message });
  const events = await handedOn(lives, world, 2);
  await until(() => slack.hub.open === 0, world.clock);
  expect(events.map(({ kind, editOf, parts }) => [kind, editOf, parts.length])).toEqual([
    ["edit", message.ts, 1],
    ["edit", message.ts, 0],
  ]);
});

test("shared messages are forwarded text and previews are previews: neither is typed, or a command", async () => {
  const { world, lives } = begin();
  const attachments = [
    { is_share: true, text: "/approve a-1", author_id: "U0X" },
    { from_url: "https://example.org", title: "Title", text: "&lt;page&gt;" },
  ];
  world.slack.say(ANA, DIRECT, "", { attachments });
  const [event] = await handedOn(lives, world, 1);
  expect(event?.kind).toBe("message");
  expect(event?.parts).toEqual([
    { kind: "forwarded", text: "/approve a-1" },
    { kind: "preview", text: "Title\n<page>" },
  ]);
});

test("/wirken is the command that follows it, or a message; alone it asks for help", async () => {
  const { world, lives } = begin();
  for (const words of ["status", "/stop", "list files", "", "approve a-1 remember"]) {
    world.slack.slash(ANA, DIRECT, words);
  }
  const events = await handedOn(lives, world, 5);
  expect(events.map(({ kind, value }) => `${kind} ${value}`)).toEqual([
    "command /status",
    "command /stop",
    "message ",
    "command /help",
    "command /approve a-1 remember",
  ]);
  expect(events.every(({ tsMs }) => tsMs > 0)).toBe(true);
});

test("a reaction is reported, as meant for the bot only under its own messages", async () => {
  const { world, lives } = begin();
  const item = { type: "message", channel: CHANNEL, ts: "1800000001.000100" };
  const reaction = {
    type: "reaction_added",
    user: ANA.id,
    reaction: "+1",
    item,
    event_ts: "1800000002.000100",
  };
  world.slack.event({ ...reaction, item_user: BOT.id });
  world.slack.event({ ...reaction, item_user: BEN.id, event_ts: "1800000003.000100" });
  world.slack.event({ ...reaction, user: BOT.id, item_user: BOT.id, event_ts: "1800000004.000100" });
  const events = await handedOn(lives, world, 2);
  expect(events.map(({ kind, value, mentioned }) => `${kind} ${value} ${mentioned}`)).toEqual([
    "reaction +1 true",
    "reaction +1 false",
  ]);
});

test("files are fetched with the token from Slack alone; all others become a note", async () => {
  const { world, lives } = begin();
  const { slack } = world;
  slack.files.set("F1", new TextEncoder().encode("content"));
  const asked: string[] = [];
  const real = slack.fetch;
  Object.assign(slack, {
    fetch: (url: string, init: BunFetchRequestInit) => {
      asked.push(new URL(url).hostname);
      return real(url, init);
    },
  });
  const file = { id: "F1", name: "a.txt", mimetype: "text/plain", size: 7 };
  slack.say(ANA, DIRECT, "here", {
    subtype: "file_share",
    files: [
      { ...file, url_private_download: slack.fileUrl("F1") },
      { ...file, url_private_download: "https://files.slack.com.evil.org/files-pri/F1" },
      { ...file, url_private: "https://evil.org/files-pri/F1" },
      { ...file, url_private: "http://files.slack.com/files-pri/F1" },
      { ...file, is_external: true, url_private: "https://docs.example.org/d" },
      { ...file, size: 999_999_999, url_private_download: slack.fileUrl("F1") },
      { id: "F1", file_access: "check_file_info" },
    ],
  });
  const [event] = await handedOn(lives, world, 1);
  expect(event?.parts.map(({ kind }) => kind)).toEqual([
    "text",
    "attachment",
    "preview",
    "preview",
    "preview",
    "preview",
    "preview",
    "attachment",
  ]);
  expect(asked.filter((host) => host.includes("evil"))).toEqual([]);
  expect(lives.disk.files.size).toBe(2);
});

test("a name is shown where Slack gives one, and asked for once; a slow or refused answer holds nothing up", async () => {
  const { world, lives } = begin();
  const { slack } = world;
  slack.names.set(ANA.id, "Ana \u202eB.");
  world.say("one");
  world.say("two");
  await handedOn(lives, world, 2);
  slack.fail("users.info", { kind: "answer", status: 200, body: '{"ok":false,"error":"missing_scope"}' });
  slack.say(BEN, "D0BEN", "three");
  await handedOn(lives, world, 3);
  slack.say({ id: "U0CYD", name: "c" }, "D0CYD", "four"); // after a refusal nothing is asked for a while
  const events = await handedOn(lives, world, 4);
  expect(events.map(({ displayName }) => displayName)).toEqual(["Ana \u202eB.", "Ana \u202eB.", "", ""]);
  expect(slack.calls.filter((method) => method === "users.info").length).toBe(2);
});
