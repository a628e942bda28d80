/** Telegram end to end: the compiled executable, the strict Bot API over HTTP, people and an operator. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { BOT } from "../support/telegram-fake/bot-api.ts";
import { type ModelServer, modelServer } from "../support/model-server.ts";
import { ANA, BEN, TelegramLab } from "../support/telegram-lab.ts";

setDefaultTimeout(60_000);

describe("a paired chat", () => {
  let lab: TelegramLab;
  beforeAll(async () => {
    lab = new TelegramLab();
    await lab.run();
    await lab.pairAna();
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test("gets its answer", async () => {
    lab.say(ANA, "hello");
    await lab.heard(/rehearsal script/);
    expect(lab.api.violations).toEqual([]);
  });

  test("a stranger gets one fixed answer and no agent", async () => {
    const before = lab.api.sent.length;
    lab.say(BEN, "hello");
    const answer = await lab.heard(/does not know you/, before);
    expect(answer.chat).toBe(String(BEN.id));
    for (let more = 0; more < 5; more++) lab.say(BEN, "hello again, WORDLONG");
    lab.say(ANA, "/status");
    await lab.heard(/Agent default/, before);
    expect(lab.api.sent.filter(({ chat }) => chat === String(BEN.id)).length).toBe(1);
    expect((await lab.rows("--kind", "admission_refused")).length).toBe(1);
    expect((await lab.rows("--kind", "turn_started")).length).toBe(1);
  });

  test("a command asks; tier 3 is answered elsewhere, and the message shows its outcome", async () => {
    const before = lab.api.sent.length;
    lab.say(ANA, "run with *: uname -a");
    const prompt = await lab.heard(/uname -a/, before);
    expect(prompt.text).toContain("wirken permissions approve");
    expect(prompt.buttons.map(({ text }) => text)).toEqual(["Deny"]);
    const pending = await lab.json<readonly { approvalId: string }[]>("permissions", "pending");
    await lab.ok("permissions", "approve", pending[0]?.approvalId ?? "");
    await lab.heard(/This is what exec gave back[\s\S]*Linux/, before);
    await lab.until(() => /Approved by you, on the command line/.test(prompt.text), "the outcome");
  });

  test("an account paired up to tier 3 answers by button, once, and nobody else", async () => {
    const { code } = await lab.json<{ code: string }>("channel", "pair", "telegram", "--up-to", "3");
    const before = lab.api.sent.length;
    lab.say(ANA, `/start ${code}`);
    await lab.heard(/^Paired\..*every time/, before);
    lab.say(ANA, "run with *: echo by-button");
    const prompt = await lab.heard(/echo by-button/, before);
    expect(prompt.buttons.map(({ text }) => text)).toEqual(["Deny", "Approve once"]);
    const value = prompt.buttons[1]?.value ?? "";
    lab.press(BEN, prompt, value);
    await lab.until(() => lab.api.unconfirmed === 0, "the stranger's press to be taken");
    expect(prompt.buttons.length).toBe(2);
    lab.press(ANA, prompt, value);
    lab.press(ANA, prompt, value);
    await lab.heard(/This is what exec gave back[\s\S]*by-button/, before);
    await lab.until(() => prompt.buttons.length === 0, "the outcome");
    expect(prompt.text).toMatch(/Approved by Ana, here|Approved by Ana, on Telegram/);
    const refused = await lab.until(async () => {
      const rows = await lab.rows("--kind", "approval_refused");
      return rows.length >= 2 && rows;
    }, "a refused press");
    expect(refused.map(({ payload }) => payload["reason"])).toEqual(["stranger", "already_answered"]);
    const intents = await lab.rows("--kind", "intent");
    expect(intents.length).toBe(2);
  });

  test("a file lands in the workspace and is named to the agent; its caption is the message", async () => {
    lab.api.files.set("doc1", new TextEncoder().encode("first line\nsecond line\n"));
    const document = {
      file_id: "doc1",
      file_unique_id: "d",
      file_name: "../../notes\u202e.txt",
      file_size: 23,
    };
    const before = lab.api.sent.length;
    const message = { document, text: undefined, caption: "list files in inbox" };
    lab.say(ANA, "", message);
    const listed = await lab.heard(/list_files gave back[\s\S]*notes/, before);
    const name = /[0-9a-f]{8}-\S*notes\S*\.txt/.exec(listed.text)?.[0] ?? "";
    lab.say(ANA, `read inbox/${name}`);
    await lab.heard(/second line/, before);
    const rows = await lab.rows("--kind", "user_message");
    const told = rows
      .map(({ content }) => String(content?.["text"]))
      .find((text) => text.includes("attached"));
    expect(told).toContain(`in the workspace at inbox/${name}`);
    expect(told).toMatch(/application\/octet-stream, 23 bytes/);
    expect(readdirSync(join(lab.home.data, "spool", "telegram"))).toEqual([]);
  });

  test("a stranger's file stays nowhere", async () => {
    lab.api.files.set("doc2", new Uint8Array(100_000));
    const document = { file_id: "doc2", file_unique_id: "d", file_name: "a.bin", file_size: 100_000 };
    lab.say(BEN, "", { document, text: undefined });
    await lab.until(() => lab.api.unconfirmed === 0, "the file's update to be taken");
    expect(readdirSync(join(lab.home.data, "spool", "telegram"))).toEqual([]);
  });

  test("in a group only what names the bot is heard, in its own topic", async () => {
    const chat = { id: -100, type: "supergroup", title: "Group", is_forum: true };
    const before = lab.api.sent.length;
    const turns = (await lab.rows("--kind", "turn_started")).length;
    const topic = { chat, is_topic_message: true, message_thread_id: 9 };
    lab.say(ANA, "hello all", topic);
    lab.say(BEN, "@wirken_bot hello", { ...topic, entities: [{ type: "mention", offset: 0, length: 11 }] });
    lab.say(ANA, "@wirken_bot hello", { ...topic, entities: [{ type: "mention", offset: 0, length: 11 }] });
    const answer = await lab.heard(/rehearsal script/, before);
    expect({ chat: answer.chat, thread: answer.thread }).toEqual({ chat: "-100", thread: 9 });
    const reply = { message_id: answer.message_id, date: 1, chat, from: BOT, text: answer.text };
    lab.say(ANA, "list files", { ...topic, reply_to_message: reply });
    await lab.heard(/list_files|hello/, before + 1);
    expect((await lab.rows("--kind", "turn_started")).length).toBe(turns + 2);
    expect(lab.api.sent.slice(before).every(({ chat: to }) => to === "-100")).toBe(true);
  });

  test("an edit does not run again", async () => {
    const turns = (await lab.rows("--kind", "turn_started")).length;
    const chat = { id: ANA.id, type: "private", first_name: "Ana" };
    const message_id = 1;
    lab.api.push({ edited_message: { message_id, date: 1, edit_date: 2, from: ANA, chat, text: "run: id" } });
    await lab.until(async () => {
      const rows = await lab.rows("--kind", "inbound");
      return rows.some(({ payload }) => payload["kind"] === "edit");
    }, "the edit's row");
    expect((await lab.rows("--kind", "turn_started")).length).toBe(turns);
  });
});

describe("a model's long answers", () => {
  let lab: TelegramLab;
  let model: ModelServer;
  beforeAll(async () => {
    lab = new TelegramLab();
    model = modelServer("short");
    await lab.ok(
      "setup",
      "--non-interactive",
      "--provider",
      "openai",
      "--model",
      "test",
      "--base-url",
      model.base,
    );
    await lab.run();
    await lab.pairAna();
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
    model[Symbol.dispose]();
  });

  test("10,000 characters are split between paragraphs, code stays code, and a 429 is waited out", async () => {
    const words = "Lorem ipsum dolor sit amet, consectetur adipiscing elit. ".repeat(10).trim();
    const paragraphs = Array.from({ length: 12 }, (_, at) => `Paragraph ${at}. ${words}`);
    const code = `\`\`\`ts\n${Array.from({ length: 150 }, (_, at) => `const line${at} = "${at}";`).join("\n")}\n\`\`\``;
    const answer = [...paragraphs.slice(0, 6), code, ...paragraphs.slice(6)].join("\n\n");
    expect(answer.length).toBeGreaterThan(10_000);
    model.answers = [answer];
    const before = lab.api.sent.length;
    const body = {
      ok: false,
      error_code: 429,
      description: "Too Many Requests",
      parameters: { retry_after: 2 },
    };
    lab.api.fail("sendMessage", { kind: "answer", status: 429, body: JSON.stringify(body) });
    const began = performance.now();
    lab.say(ANA, "tell me everything");
    await lab.heard(/Paragraph 11/, before);
    expect(performance.now() - began).toBeGreaterThan(1_900);
    const pieces = lab.api.sent.slice(before);
    expect(pieces.length).toBeLessThan(6);
    for (const piece of pieces) expect(piece.text.length).toBeLessThanOrEqual(4_096);
    const all = pieces.map(({ text }) => text).join("\n");
    for (let at = 0; at < 12; at++) expect(all).toContain(`Paragraph ${at}. ${words}`);
    for (let at = 0; at < 150; at++) expect(all.split(`const line${at} = "${at}";`).length).toBe(2);
    expect(pieces[0]?.replyTo).toBeDefined();
    expect(lab.api.violations).toEqual([]);
  });

  test("markup and a 100 KB message do no harm, and 200 messages in a burst keep their order", async () => {
    model.answers = ["ok <b>not bold</b> & @everyone \u202e[x](tg://user?id=1)"];
    const before = lab.api.sent.length;
    lab.say(ANA, "x".repeat(100_000));
    const answer = await lab.heard(/not bold/, before);
    expect({ pings: answer.pings, links: answer.links }).toEqual({ pings: [], links: [] });
    const inbound = (await lab.rows("--kind", "inbound")).length;
    const turns = (await lab.rows("--kind", "user_message")).length;
    for (let at = 0; at < 200; at++) lab.say(ANA, `message ${at}`);
    await lab.until(async () => (await lab.rows("--kind", "inbound")).length === inbound + 200, "200 rows");
    const texts = await lab.until(async () => {
      const rows = (await lab.rows("--kind", "user_message")).slice(turns);
      return rows.length >= 101 && rows.map(({ content }) => String(content?.["text"]));
    }, "the turns of what was queued");
    const numbers = texts.map((text) => Number(text.slice("message ".length)));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    const notices = (await lab.rows("--kind", "outbound")).filter(({ content }) =>
      String(content?.["text"]).startsWith("Too many messages are waiting"),
    );
    expect(notices.length).toBeLessThanOrEqual(3);
  });
});
