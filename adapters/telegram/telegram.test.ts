/**
 * What only Telegram has: groups, topics, edits, files, webhooks, its refusals, and a token that must not be
 * seen.
 */
import { afterEach, expect, test } from "bun:test";
import { newApprovalId, newOutboundId } from "#contracts/ids.ts";
import { type Life, type Lives, adapterLives, until } from "#kit/life-fake.ts";
import { fixedRandom } from "#runtime/random.ts";
import { BOT, FAKE_TOKEN } from "#test/support/telegram-fake/bot-api.ts";
import { telegramWith } from "./main.ts";
import { ANA, type TelegramWorld, telegramHandoff, telegramWorld } from "./world.case.ts";

const random = fixedRandom(5);
const GROUP = { id: -100_200, type: "supergroup", title: "Team", is_forum: true } as const;
const BOB = { id: 7, is_bot: false, first_name: "Bob", last_name: "B", username: "bob" } as const;
let life: Life | undefined;
afterEach(() => life?.kill());

function begin(world: TelegramWorld = telegramWorld()): { world: TelegramWorld; lives: Lives; now: Life } {
  const lives = adapterLives(world.define, world.handoff, world.clock);
  life = lives.start();
  return { world, lives, now: life };
}

async function handedOn(lives: Lives, world: TelegramWorld, count: number) {
  await until(() => lives.gateway.inbound.length >= count, world.clock, 30_000);
  return lives.gateway.inbound;
}

function outbound(more: { markdown: string; conversation?: string; thread?: string; replyTo?: string }) {
  const outboundId = newOutboundId((count) => random.bytes(count));
  return { outboundId, conversation: "42", thread: "", replyTo: "", purpose: "answer", ...more } as const;
}

function entity(type: string, text: string, word: string): object {
  return { type, offset: text.indexOf(word), length: word.length };
}

test("a group message is reported with whether the bot was mentioned or replied to", async () => {
  const { world, lives } = begin();
  const at = "@wirken_bot list files";
  for (const more of [
    { text: "just talk" },
    { text: at, entities: [entity("mention", at, "@wirken_bot")] },
    { text: "yes", reply_to_message: { message_id: 3, date: 1, chat: GROUP, from: BOT, text: "Shall I?" } },
    { text: "@other_bot hi", entities: [entity("mention", "@other_bot hi", "@other_bot")] },
  ]) {
    world.api.push({ message: world.message({ chat: GROUP, from: BOB, ...more }) });
  }
  const events = await handedOn(lives, world, 4);
  expect(events.map(({ isGroup, mentioned }) => [isGroup, mentioned].join())).toEqual([
    "true,false",
    "true,true",
    "true,true",
    "true,false",
  ]);
  expect(events[2]?.parts).toEqual([
    { kind: "text", text: "yes" },
    { kind: "quoted", text: "Shall I?" },
  ]);
  expect(events[0]).toMatchObject({ senderId: "7", displayName: "Bob B", conversation: "-100200" });
});

test("a command names its bot: ours is read, another's is left alone", async () => {
  const { world, lives } = begin();
  for (const text of ["/start@other_bot X", "/start@Wirken_Bot 123", "@wirken_bot /status", "/start 77"]) {
    world.api.push({ message: world.message({ chat: GROUP, from: BOB, text }) });
  }
  const events = await handedOn(lives, world, 3);
  expect(events.map(({ value }) => value)).toEqual(["/start 123", "/status", "/start 77"]);
});

test("forwarded text is marked, and is never a command", async () => {
  const { world, lives } = begin();
  const forward_origin = { type: "hidden_user", sender_user_name: "x", date: 1 };
  world.api.push({ message: world.message({ text: "/approve a-1", forward_origin }) });
  world.api.push({ message: world.message({ text: "/approve a-1", via_bot: BOT }) });
  const events = await handedOn(lives, world, 2);
  for (const event of events) {
    expect(event.kind).toBe("message");
    expect(event.parts).toEqual([{ kind: "forwarded", text: "/approve a-1" }]);
  }
});

test("topics are kept both ways; chains of replies are no topics", async () => {
  const { world, lives, now } = begin();
  const topic = { message_thread_id: 9, is_topic_message: true };
  world.api.push({ message: world.message({ chat: GROUP, from: BOB, text: "a", ...topic }) });
  world.api.push({ message: world.message({ chat: GROUP, from: BOB, text: "b", message_thread_id: 4 }) });
  const events = await handedOn(lives, world, 2);
  expect(events.map(({ thread }) => thread)).toEqual(["9", ""]);
  now.tell({
    kind: "outbound",
    outbound: outbound({ markdown: "x", conversation: "-100200", thread: "9", replyTo: "5" }),
  });
  await until(() => world.api.sent.length === 1, world.clock);
  expect(world.api.sent[0]).toMatchObject({ chat: "-100200", thread: 9, replyTo: 5 });
});

test("an edit is an event of its own, with its text and what it edits", async () => {
  const { world, lives } = begin();
  const message = world.message({ text: "helo" });
  world.api.push({ message });
  world.api.push({ edited_message: { ...message, text: "hello", edit_date: 1_700_000_100 } });
  world.api.push({ edited_message: { ...message, text: "hello!", edit_date: 1_700_000_100 } });
  const events = await handedOn(lives, world, 3);
  expect(events.map(({ kind, editOf }) => `${kind}:${editOf}`)).toEqual(["message:", "edit:1", "edit:1"]);
  expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(3);
});

test("bots, channels, chats as senders and service messages are left out, and the cursor passes them", async () => {
  const { world, lives } = begin();
  world.api.push({ message: world.message({ from: { ...BOT, id: 9 }, text: "beep" }) });
  world.api.push({ message: world.message({ chat: { id: -5, type: "channel", title: "c" }, text: "news" }) });
  world.api.push({ message: world.message({ chat: GROUP, sender_chat: GROUP, text: "as the group" }) });
  world.api.push({ message: world.message({ new_chat_title: "x" }) });
  world.api.push({ message: { message_id: 1 } });
  world.say("at last");
  const events = await handedOn(lives, world, 1);
  await until(() => world.api.unconfirmed === 0, world.clock);
  expect(events.map(({ parts }) => parts)).toEqual([[{ kind: "text", text: "at last" }]]);
  expect(world.api.unconfirmed).toBe(0);
});

test("answers of another shape neither kill the adapter nor make it spin", async () => {
  const { world, lives } = begin();
  const junk = [{}, null, [null], [{ update_id: "x" }], "text", [{ update_id: 1.5 }]];
  const bodies = junk.map((result) => JSON.stringify({ ok: true, result }));
  world.api.fail("getUpdates", ...bodies.map((body) => ({ kind: "answer", status: 200, body }) as const));
  world.api.push({ message: world.message({ text: 7 }) });
  world.api.push({ message: world.message({ text: "x", entities: "no", date: "soon" }) });
  world.api.push({ message: world.message({ date: Number.NaN, text: "dated", from: ANA }) });
  world.api.push({ callback_query: { id: 1, from: {}, message: {}, data: {} } });
  world.say("still here");
  await until(() => lives.gateway.inbound.length > 0 && world.api.unconfirmed === 0, world.clock);
  expect(lives.gateway.inbound.map(({ parts }) => parts.at(0))).toContainEqual({
    kind: "text",
    text: "still here",
  });
  expect(lives.gateway.inbound.every(({ tsMs }) => Number.isSafeInteger(tsMs))).toBe(true);
  expect(world.api.calls.filter((method) => method === "getUpdates").length).toBeLessThan(20);
});

test("a server that answers polls at once is asked at a human pace", async () => {
  const { world } = begin();
  const body = JSON.stringify({ ok: true, result: [] });
  const empty = { kind: "answer", status: 200, body } as const;
  world.api.fail("getUpdates", ...Array.from({ length: 500 }, () => empty));
  await until(() => false, world.clock, 60_000);
  expect(world.api.calls.length).toBeLessThan(70);
});

test("a file is handed over by handle, with its measured size, hash and type", async () => {
  const { world, lives } = begin();
  const content = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
  world.api.files.set("f1", content);
  const document = { file_id: "f1", file_unique_id: "f1", file_name: "../../x.png", mime_type: "text/plain" };
  world.api.push({ message: world.message({ caption: "look", document }) });
  const [event] = await handedOn(lives, world, 1);
  expect(event?.parts[0]).toEqual({ kind: "text", text: "look" });
  expect(event?.parts[1]).toMatchObject({
    kind: "attachment",
    mediaType: "image/png",
    bytes: 11,
    sha256: new Bun.CryptoHasher("sha256").update(content).digest("hex"),
  });
  expect(lives.disk.files.size).toBe(1);
});

test("an oversized or lying file is a note, and the message is not lost", async () => {
  const { world, lives } = begin();
  const size = 20 * 1_048_576 + 1;
  world.api.files.set("big", new Uint8Array(size));
  const document = { file_id: "big", file_unique_id: "b", file_name: "big.iso" };
  world.api.push({ message: world.message({ text: "1", document: { ...document, file_size: size } }) });
  world.api.push({ message: world.message({ caption: "2", document: { ...document, file_size: 10 } }) });
  world.api.push({ message: world.message({ caption: "3", document: { ...document, file_id: "gone" } }) });
  const events = await handedOn(lives, world, 3);
  expect(events.map(({ parts }) => parts.at(-1)?.kind)).toEqual(["preview", "preview", "preview"]);
  expect(lives.disk.files.size).toBe(0);
});

test("a slow file holds up neither buttons nor other chats", async () => {
  const world = telegramWorld();
  const slow = Promise.withResolvers<void>();
  const lives = adapterLives(
    (mortal) =>
      telegramWith((url, init) =>
        mortal(async () => {
          if (url.includes("/file/")) await slow.promise;
          return world.api.fetch(url, init);
        }),
      ),
    world.handoff,
    world.clock,
  );
  life = lives.start();
  world.api.files.set("f", new Uint8Array(5));
  world.api.push({ message: world.message({ document: { file_id: "f", file_unique_id: "f" } }) });
  await until(() => world.api.calls.includes("getFile"), world.clock);
  const before = world.clock.now();
  world.press("approve:a-x");
  world.api.push({ message: world.message({ chat: GROUP, from: BOB, text: "other chat" }) });
  const events = await handedOn(lives, world, 2);
  expect(events.map(({ kind }) => kind).sort()).toEqual(["button", "message"]);
  expect(world.clock.now() - before).toBeLessThan(1_000);
  expect(world.api.unconfirmed).toBeGreaterThan(0); // the file's message is not confirmed yet
  slow.resolve();
  await handedOn(lives, world, 3);
  await until(() => world.api.unconfirmed === 0, world.clock);
  expect(world.api.unconfirmed).toBe(0);
});

test("a pressed button is answered once it is safe", async () => {
  const { world, lives } = begin();
  world.press("deny:a-x");
  const [event] = await handedOn(lives, world, 1);
  await until(() => world.api.answered.length === 1, world.clock);
  expect(event).toMatchObject({ kind: "button", value: "deny:a-x", senderId: String(ANA.id) });
  expect(world.api.answered).toEqual(["q1"]);
});

test("nothing is confirmed to Telegram before the gateway has it", async () => {
  const { world, lives } = begin();
  lives.gateway.deaf = true;
  world.say("one");
  await until(() => lives.gateway.inbound.length === 1, world.clock);
  await until(() => false, world.clock, 5_000);
  expect(world.api.unconfirmed).toBe(1);
  expect(lives.disk.documents.size).toBe(0);
});

test("after a week of silence the old offset is forgotten: Telegram numbers anew", async () => {
  const { world, lives, now } = begin();
  world.say("one");
  await handedOn(lives, world, 1);
  await until(() => lives.disk.documents.size > 0, world.clock);
  now.kill();
  await world.clock.advance(7 * 86_400_000);
  world.api.renumber(10);
  world.say("two");
  life = lives.start();
  expect((await handedOn(lives, world, 2)).length).toBe(2);
});

test("markup that Telegram refuses is sent again as plain text", async () => {
  const { world, now } = begin();
  const description = "Bad Request: can't parse entities: unsupported start tag";
  const body = JSON.stringify({ ok: false, error_code: 400, description });
  world.api.fail("sendMessage", { kind: "answer", status: 400, body });
  now.tell({ kind: "outbound", outbound: outbound({ markdown: "**bold** & [a](https://e.x)" }) });
  await until(() => world.api.sent.length === 1, world.clock);
  expect(world.api.sent.map(({ text }) => text)).toEqual(["bold & a (https://e.x)"]);
});

test("a wait is kept: by parameter, by header, by default", async () => {
  const waits = [
    { body: { parameters: { retry_after: 7 } }, headers: {}, ms: 7_000 },
    { body: {}, headers: { "retry-after": "4" }, ms: 4_000 },
    { body: {}, headers: {}, ms: 5_000 },
  ];
  for (const { body, headers, ms } of waits) {
    const { world, lives, now } = begin();
    const text = JSON.stringify({ ok: false, error_code: 429, description: "Too Many Requests", ...body });
    world.api.fail("sendMessage", { kind: "answer", status: 429, body: text, headers });
    const start = world.clock.now();
    now.tell({ kind: "outbound", outbound: outbound({ markdown: "later" }) });
    await until(() => lives.gateway.deliveries.at(-1)?.state === "delivered", world.clock);
    expect(world.clock.now() - start).toBeGreaterThanOrEqual(ms);
    expect(world.clock.now() - start).toBeLessThan(ms + 1_500);
  }
});

test("failures get their closed codes", async () => {
  const cases = [
    { status: 403, description: "Forbidden: bot was blocked by the user", code: "blocked" },
    { status: 400, description: "Bad Request: chat not found", code: "rejected" },
    { status: 400, description: "Bad Request: message is too long", code: "too_long" },
  ];
  for (const { status, description, code } of cases) {
    const { world, lives, now } = begin();
    const body = JSON.stringify({ ok: false, error_code: status, description });
    world.api.fail("sendMessage", { kind: "answer", status, body });
    now.tell({ kind: "outbound", outbound: outbound({ markdown: "x" }) });
    await until(() => lives.gateway.deliveries.length === 2, world.clock);
    expect(lives.gateway.deliveries.at(-1)).toMatchObject({ state: "failed", code });
  }
});

test("a page of a proxy in place of an answer leaves the outcome unknown", async () => {
  const { world, lives, now } = begin();
  world.api.fail("sendMessage", { kind: "answer", status: 502, body: "<html>Bad Gateway</html>" });
  now.tell({ kind: "outbound", outbound: outbound({ markdown: "x" }) });
  await until(() => lives.gateway.deliveries.length === 2, world.clock);
  await until(() => false, world.clock, 10_000);
  expect(lives.gateway.deliveries.at(-1)?.state).toBe("unknown");
  expect(world.api.calls.filter((method) => method === "sendMessage").length).toBe(1);
});

test("another poller is reported as degraded, with what to do, and waited out", async () => {
  const { world, lives } = begin();
  const body = JSON.stringify({ ok: false, error_code: 409, description: "Conflict: terminated by other" });
  world.api.fail("getUpdates", { kind: "answer", status: 409, body });
  await until(() => lives.gateway.states.length === 3, world.clock);
  expect(lives.gateway.states.map(({ state }) => state)).toEqual(["starting", "degraded", "ready"]);
  expect(lives.gateway.states[1]?.detail).toContain("revoke the token");
  world.say("back");
  await handedOn(lives, world, 1);
  expect(lives.gateway.states.at(-1)?.state).toBe("ready");
});

test("a webhook that stands in the way is taken down, and waiting messages are kept", async () => {
  const world = telegramWorld();
  world.api.webhook = true;
  world.say("waiting");
  const { lives } = begin(world);
  expect((await handedOn(lives, world, 1)).length).toBe(1);
  expect(world.api.violations).toEqual([]);
});

test("a credential of the wrong shape and an API base in the clear are refused before anything is sent", async () => {
  const wrong = [
    telegramHandoff({}, "not a token"),
    telegramHandoff({ "api-base": "http://api.example.org" }),
    telegramHandoff({ "api-base": "https://user:pw@example.org" }),
  ];
  for (const handoff of wrong) {
    const world = telegramWorld();
    const lives = adapterLives(world.define, handoff, world.clock);
    life = lives.start();
    await until(() => lives.gateway.states.length === 2, world.clock);
    expect(lives.gateway.states[1]?.state).toBe("rejected");
    expect(world.api.calls).toEqual([]);
  }
});

test("the token is in no report, log line, delivery or state, whatever goes wrong", async () => {
  const { world, lives, now } = begin();
  world.api.fail("getMe", { kind: "unreached" }, { kind: "cut" });
  world.api.fail("getUpdates", { kind: "answer", status: 500, body: "junk" }, { kind: "unreached" });
  world.api.fail("sendMessage", { kind: "cut" });
  now.tell({ kind: "outbound", outbound: outbound({ markdown: "x" }) });
  world.say("hi");
  await handedOn(lives, world, 1);
  world.revoke();
  await until(() => lives.gateway.states.at(-1)?.state === "rejected", world.clock);
  const { inbound, deliveries, states } = lives.gateway;
  const documents = [...lives.disk.documents.values()].map((bytes) => new TextDecoder().decode(bytes));
  const all = JSON.stringify([inbound, deliveries, states, documents, lives.log.lines]);
  expect(states.length).toBeGreaterThan(2);
  expect(all).not.toContain(FAKE_TOKEN.slice(7));
});

test("typing goes on while the agent works, and ends with it", async () => {
  const { world, now } = begin();
  now.tell({ kind: "activity", conversation: "42", thread: "3", working: true });
  await until(() => world.api.actions.length === 3, world.clock, 20_000);
  now.tell({ kind: "activity", conversation: "42", thread: "3", working: false });
  await until(() => false, world.clock, 20_000);
  expect(world.api.actions.length).toBe(3);
  expect(world.api.actions[0]).toEqual({ chat_id: 42, message_thread_id: 3, action: "typing" });
});

test("a storable grant is offered in words, by a third button within 64 bytes", async () => {
  const { world, now } = begin();
  const prompt = {
    approvalId: newApprovalId((count) => random.bytes(count)),
    conversation: "42",
    thread: "",
    tier: 2,
    title: "Run git status?",
    exact: "git status",
    facts: [],
    askedMs: world.clock.now(),
    expiresMs: world.clock.now() + 900_000,
    answerable: true,
    elsewhere: "",
    grantOffer: "git status in ~/code for 8 hours",
  } as const;
  now.tell({ kind: "prompt", prompt });
  await until(() => world.api.sent.length === 1, world.clock);
  expect(world.api.sent[0]?.buttons.map(({ value }) => value.split(":")[0])).toEqual([
    "deny",
    "approve",
    "approve-remember",
  ]);
  expect(world.api.sent[0]?.text).toContain("git status in ~/code for 8 hours");
  expect(world.api.violations).toEqual([]);
});
