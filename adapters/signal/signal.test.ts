/** What only Signal has: groups, mentions, quotes, edits, thumbs, long texts, and who is nobody. */
import { afterEach, expect, test } from "bun:test";
import { newApprovalId, newOutboundId } from "#contracts/ids.ts";
import type { ApprovalPrompt } from "#contracts/message.ts";
import { type Life, type Lives, adapterLives, until } from "#kit/life-fake.ts";
import { fixedRandom } from "#runtime/random.ts";
import { ACCOUNT, ACCOUNT_UUID } from "#test/support/signal-fake/daemon.ts";
import { ANA, type SignalWorld, signalWorld } from "./world.case.ts";

const random = fixedRandom(5);
const GROUP = { groupId: `${"G".repeat(43)}=`, groupName: "Team", revision: 1, type: "DELIVER" } as const;
const BOB = {
  ...ANA,
  source: "b0000000-0000-4000-8000-00000000000b",
  sourceUuid: "b0000000-0000-4000-8000-00000000000b",
  sourceNumber: "+4915550177",
  sourceName: "Bob",
} as const;
const OURS = { number: ACCOUNT, uuid: ACCOUNT_UUID, name: "Wirken" } as const;
let life: Life | undefined;
afterEach(() => life?.kill());

function begin(world: SignalWorld = signalWorld()): { world: SignalWorld; lives: Lives; now: Life } {
  const lives = adapterLives(world.define, world.handoff, world.clock);
  life = lives.start();
  return { world, lives, now: life };
}

async function handedOn(lives: Lives, world: SignalWorld, count: number) {
  await until(() => lives.gateway.inbound.length >= count, world.clock, 30_000);
  return lives.gateway.inbound;
}

function outbound(more: { markdown: string; conversation?: string; replyTo?: string }) {
  const outboundId = newOutboundId((count) => random.bytes(count));
  const place = { conversation: ANA.sourceUuid, thread: "", replyTo: "" };
  return { outboundId, ...place, purpose: "answer", ...more } as const;
}

function approval(world: SignalWorld, more: Partial<ApprovalPrompt> = {}): ApprovalPrompt {
  return {
    approvalId: newApprovalId((count) => random.bytes(count)),
    conversation: world.chat,
    thread: "",
    tier: 2,
    title: "Run a command?",
    exact: "make",
    facts: [],
    askedMs: world.clock.now(),
    expiresMs: world.clock.now() + 900_000,
    answerable: true,
    elsewhere: "",
    grantOffer: "",
    ...more,
  };
}

test("a person is their immutable id: never a number, a name, or the id of a number", async () => {
  const { world, lives } = begin();
  world.message({ message: "no id" }, { ...ANA, sourceUuid: null });
  world.message({ message: "a number's id" }, { ...ANA, sourceUuid: `PNI:${ANA.sourceUuid}` });
  world.message({ message: "a name" }, { ...ANA, sourceUuid: "Ana" });
  world.message({ message: "upper case" }, { ...ANA, sourceUuid: ANA.sourceUuid.toUpperCase() });
  const [event] = await handedOn(lives, world, 1);
  expect(event).toMatchObject({ senderId: ANA.sourceUuid, conversation: ANA.sourceUuid, displayName: "Ana" });
  expect(event?.parts).toEqual([{ kind: "text", text: "upper case" }]);
});

test("our own words, other accounts, and what nobody said are left out", async () => {
  const { world, lives } = begin();
  const own = { ...ANA, sourceUuid: ACCOUNT_UUID, sourceNumber: ACCOUNT };
  world.message({ message: "from ourselves" }, own);
  const timestamp = world.daemon.timestamp();
  const sentMessage = { timestamp, message: "/approve a-1", destinationUuid: ANA.sourceUuid };
  world.daemon.push({ ...own, timestamp, syncMessage: { sentMessage } });
  world.daemon.push({
    ...ANA,
    timestamp,
    receiptMessage: { when: timestamp, isRead: true, timestamps: [1] },
  });
  world.daemon.push({ ...ANA, timestamp, typingMessage: { action: "STARTED", timestamp } });
  world.daemon.push({ ...ANA, timestamp, callMessage: {} });
  world.daemon.push({ ...ANA, timestamp, storyMessage: { textAttachment: { text: "a story" } } });
  world.daemon.push({ ...ANA, timestamp, dataMessage: { timestamp, message: "other account" } }, "+4900000");
  world.message({ groupInfo: { ...GROUP, type: "UPDATE" } });
  world.message({ remoteDelete: { timestamp: 1 } });
  world.message({ message: "x", groupInfo: { ...GROUP, groupId: ANA.sourceUuid } });
  world.daemon.notify({ nonsense: [[[[1]]]] });
  world.daemon.notify({ envelope: "text", account: 5 });
  for (const text of ["[".repeat(900_000), "{", "null", '"x"']) world.daemon.streams.push(text);
  world.say("at last");
  const events = await handedOn(lives, world, 1);
  await until(() => false, world.clock, 1_000);
  expect(events.map(({ parts }) => parts)).toEqual([[{ kind: "text", text: "at last" }]]);
});

test("a group message says whether the account was mentioned or replied to", async () => {
  const { world, lives } = begin();
  const mention = (start: number, who: object) => ({ start, length: 1, ...who });
  const bob = { number: BOB.sourceNumber, uuid: BOB.sourceUuid, name: "/approve a-1" };
  const quote = { id: 7, author: ACCOUNT, authorNumber: ACCOUNT, authorUuid: ACCOUNT_UUID, text: "Shall I?" };
  for (const data of [
    { message: "just talk" },
    { message: "\uFFFC  /status", mentions: [mention(0, OURS)] },
    { message: "ask \uFFFC or \uFFFC", mentions: [mention(4, bob), mention(9, OURS)] },
    { message: "yes", quote },
    { message: "yes", quote: { ...quote, authorNumber: null, authorUuid: BOB.sourceUuid } },
    { message: "no sign here", mentions: [mention(3, OURS)] },
  ]) {
    world.message({ ...data, groupInfo: GROUP }, BOB);
  }
  const events = await handedOn(lives, world, 6);
  expect(events.map(({ isGroup, mentioned }) => `${isGroup},${mentioned}`)).toEqual([
    "true,false",
    "true,true",
    "true,true",
    "true,true",
    "true,false",
    "true,false",
  ]);
  expect(events[1]).toMatchObject({ kind: "command", value: "/status", conversation: GROUP.groupId });
  expect(events[2]?.parts).toEqual([
    { kind: "text", text: "ask @person1 or @you" },
    { kind: "preview", text: `person1 is ${BOB.sourceUuid}` },
  ]);
  expect(events[3]?.parts).toEqual([
    { kind: "text", text: "yes" },
    { kind: "quoted", text: "Shall I?" },
  ]);
  expect(events.map(({ replyTo }) => replyTo).slice(3, 5)).toEqual(["7", `7:${BOB.sourceUuid}`]);
});

test("an answer in a group quotes what it answers; in a private chat it does not", async () => {
  const { world, now } = begin();
  now.tell({
    kind: "outbound",
    outbound: outbound({ markdown: "a", conversation: GROUP.groupId, replyTo: `9:${BOB.sourceUuid}` }),
  });
  now.tell({ kind: "outbound", outbound: outbound({ markdown: "b", replyTo: `9:${ANA.sourceUuid}` }) });
  now.tell({ kind: "outbound", outbound: outbound({ markdown: "c", conversation: "+4915550142" }) });
  await until(() => world.daemon.sent.length === 2, world.clock);
  const quote = { timestamp: 9, author: BOB.sourceUuid };
  expect(world.daemon.sent.find(({ text }) => text === "a")?.quote).toEqual(quote);
  expect(world.daemon.sent.find(({ text }) => text === "b")?.quote).toBeUndefined();
  expect(world.daemon.violations).toEqual([]);
});

test("an edit is an event of its own, and never a command", async () => {
  const { world, lives } = begin();
  world.say("helo");
  const [first] = await handedOn(lives, world, 1);
  const timestamp = world.daemon.timestamp();
  const dataMessage = { timestamp, message: "/approve a-1" };
  const targetSentTimestamp = first?.tsMs ?? 0;
  world.daemon.push({ ...ANA, timestamp, editMessage: { targetSentTimestamp, dataMessage } });
  const [, edit] = await handedOn(lives, world, 2);
  expect(edit).toMatchObject({ kind: "edit", value: "", editOf: first?.messageId ?? "" });
});

test("styles are ranges beside a plain text, in UTF-16 units", async () => {
  const { world, now } = begin();
  const markdown = "# Title 👍\n\n**bold _both_** ~~no~~ `code`\n\n> a\n> b\n\n```\nlet x;\n```";
  now.tell({ kind: "outbound", outbound: outbound({ markdown }) });
  await until(() => world.daemon.sent.length === 1, world.clock);
  const [message] = world.daemon.sent;
  expect(message?.text).toBe("Title 👍\n\nbold both no code\n\n> a\n> b\n\nlet x;");
  const shown = message?.styles.map((style) => {
    const [start = 0, length = 0] = style.split(":").map(Number);
    return `${message.text.slice(start, start + length)}:${style.split(":")[2]}`;
  });
  expect(shown).toEqual([
    "Title 👍:BOLD",
    "bold :BOLD",
    "both:BOLD",
    "both:ITALIC",
    "no:STRIKETHROUGH",
    "code:MONOSPACE",
    "let x;:MONOSPACE",
  ]);
});

test("no message has more bytes than Signal's apps accept, whatever it is written in", async () => {
  const { world, now } = begin();
  const words = [
    "日本語の文章。",
    "👩‍👩‍👧‍👦 ",
    "ж".repeat(3_000),
    "x".repeat(5_000),
    "e\u0301\u0301".repeat(900),
  ];
  const whole = words.map((word) => word.repeat(Math.ceil(4_000 / word.length))).join("\n\n");
  const text = `${whole}\n\n> ${"引用\n> ".repeat(900)}\n\n\`\`\`\n${"コード\n".repeat(900)}\`\`\``;
  now.tell({ kind: "outbound", outbound: outbound({ markdown: text }) });
  now.tell({
    kind: "prompt",
    prompt: approval(world, { exact: "ファイル".repeat(2_000), title: "削除".repeat(90) }),
  });
  await until(() => world.daemon.sent.at(-1)?.text.includes("/approve") === true, world.clock, 600_000);
  const all = world.daemon.sent.map((message) => message.text).join("");
  expect(world.daemon.violations).toEqual([]);
  for (const [sign, count] of [
    ["日", 572],
    ["ж", 6_000],
    ["引", 900],
    ["コ", 900],
  ] as const) {
    expect(all.split(sign).length - 1).toBe(count);
  }
});

test("a signal-cli that does not know the styles is sent plain text", async () => {
  const { world, lives, now } = begin();
  const error = { code: -1, message: "Invalid style: MONOSPACE" };
  world.daemon.fail("send", { kind: "error", error });
  const one = outbound({ markdown: "`x`" });
  now.tell({ kind: "outbound", outbound: one });
  await until(() => lives.gateway.deliveries.at(-1)?.state === "delivered", world.clock);
  expect(world.daemon.sent).toMatchObject([{ text: "x", styles: [] }]);
});

test("thumbs answer a request in its own chat alone, and only what it offers", async () => {
  const { world, lives, now } = begin();
  const open = approval(world);
  const closed = approval(world, { answerable: false, elsewhere: "Answer on the console." });
  now.tell({ kind: "prompt", prompt: open });
  now.tell({ kind: "prompt", prompt: closed });
  await until(() => world.daemon.sent.length === 2, world.clock);
  await until(() => false, world.clock, 500);
  const [first, second] = world.daemon.sent.map(({ timestamp }) => timestamp);
  world.react("👍", first ?? 0, ANA, { groupInfo: GROUP }); // another chat than the request's
  world.react("👍", second ?? 0); // not answerable here
  world.react("❤️", first ?? 0);
  world.react("👍", 12_345); // no message of ours that asks
  world.react("👎", second ?? 0);
  world.react("👍🏿", first ?? 0);
  const events = await handedOn(lives, world, 6);
  const kinds = events.map(({ kind, value }) => `${kind} ${value}`).toSorted();
  expect(kinds).toEqual(
    [
      "reaction 👍",
      "reaction 👍",
      "reaction ❤️",
      "reaction 👍",
      `button deny:${closed.approvalId}`,
      `button approve:${open.approvalId}`,
    ].toSorted(),
  );
  expect(events.every(({ parts }) => parts.length === 0)).toBe(true);
});

test("a reaction that is taken back, or that is to somebody else's message, says nothing", async () => {
  const { world, lives, now } = begin();
  const prompt = approval(world);
  now.tell({ kind: "prompt", prompt });
  await until(() => world.daemon.sent.length === 1, world.clock);
  const targetSentTimestamp = world.daemon.sent[0]?.timestamp ?? 0;
  const ours = { targetAuthorNumber: ACCOUNT, targetAuthorUuid: ACCOUNT_UUID, targetSentTimestamp };
  const bobs = { ...ours, targetAuthorNumber: BOB.sourceNumber, targetAuthorUuid: BOB.sourceUuid };
  world.message({ reaction: { emoji: "👍", ...ours, isRemove: true } });
  world.message({ reaction: { emoji: "👍", ...bobs, isRemove: false } });
  world.say("done");
  const events = await handedOn(lives, world, 1);
  expect(events.map(({ kind }) => kind)).toEqual(["message"]);
});

test("a request of many pieces is answered under its last, and closes there", async () => {
  const { world, lives, now } = begin();
  const prompt = approval(world, { exact: "x".repeat(9_000), grantOffer: "make, in this folder" });
  now.tell({ kind: "prompt", prompt });
  await until(() => world.daemon.sent.at(-1)?.text.includes("/approve") === true, world.clock);
  expect(world.daemon.sent.length).toBeGreaterThan(4);
  expect(world.daemon.sent.every(({ text }) => text.length <= 2_000)).toBe(true);
  const last = world.daemon.sent.at(-1);
  expect(last?.text).toContain(`/approve ${prompt.approvalId} remember`);
  await until(() => false, world.clock, 500);
  world.press(`approve:${prompt.approvalId}`);
  await handedOn(lives, world, 1);
  const { approvalId, conversation, thread } = prompt;
  const outcome = `Approved ${"@all ".repeat(200)}`;
  now.tell({
    kind: "promptClosed",
    closed: { approvalId, conversation, thread, outcome, verdict: "approved" },
  });
  await until(() => last?.edits === 1, world.clock);
  expect(last?.text).not.toContain("/approve");
  expect(last?.text).toContain("Approved @\u2060all");
  expect(world.daemon.violations).toEqual([]);
});
