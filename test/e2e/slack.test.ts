/**
 * Slack end to end: the compiled executable, the strict Slack over HTTP and WebSocket, people and an
 * operator.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { APP_TOKEN, BOT, BOT_TOKEN } from "../support/slack-fake/payloads.ts";
import { ANA, BEN, SlackLab } from "../support/slack-lab.ts";

setDefaultTimeout(60_000);

const CHANNEL = "C0GENERAL";

describe("a paired chat", () => {
  let lab: SlackLab;
  let printed = "";
  beforeAll(async () => {
    lab = new SlackLab();
    await lab.run();
    printed = await lab.pairAna();
  });
  afterAll(async () => {
    expect(lab.slack.violations).toEqual([]);
    await lab[Symbol.asyncDispose]();
  });

  test("channel add shows the bot's name and the words that pair, and no token", () => {
    expect(printed).toContain("connected: the bot is @wirken");
    expect(printed).not.toContain(BOT_TOKEN);
    expect(printed).not.toContain(APP_TOKEN);
  });

  test("gets its answer, and the envelope its acknowledgement", async () => {
    lab.say(ANA, "hello");
    await lab.heard(/rehearsal script/);
    await lab.until(() => lab.slack.hub.open === 0, "every acknowledgement");
  });

  test("a stranger gets one fixed answer and no agent", async () => {
    const before = lab.slack.sent.length;
    lab.say(BEN, "hello");
    expect((await lab.heard(/does not know you/, before)).channel).toBe(BEN.direct);
    for (let more = 0; more < 5; more++) lab.say(BEN, "hello again");
    await lab.until(() => lab.slack.hub.open === 0, "every acknowledgement");
    expect(lab.slack.sent.filter(({ channel }) => channel === BEN.direct).length).toBe(1);
    expect((await lab.rows("--kind", "turn_started")).length).toBe(1);
  });

  test("an account paired up to tier 3 answers by button, once, and nobody else", async () => {
    const { code } = await lab.json<{ code: string }>("channel", "pair", "slack", "--up-to", "3");
    const before = lab.slack.sent.length;
    lab.slack.slash(ANA, ANA.direct, `pair ${code}`);
    await lab.heard(/^Paired\..*every time/, before);
    lab.say(ANA, "run: echo by-button && true");
    const prompt = await lab.heard(/echo by-button && true/, before);
    expect(prompt.buttons.map(({ text }) => text).slice(0, 2)).toEqual(["Deny", "Approve once"]);
    const value = prompt.buttons[1]?.value ?? "";
    lab.slack.press(BEN, prompt, value);
    await lab.until(() => lab.slack.hub.open === 0, "the stranger's press to be taken");
    expect(prompt.buttons.length).toBeGreaterThan(1);
    lab.slack.press(ANA, prompt, value);
    lab.slack.press(ANA, prompt, value);
    await lab.heard(/This is what exec gave back[\s\S]*by-button/, before);
    await lab.until(() => prompt.buttons.length === 0, "the outcome");
    expect(prompt.text).toMatch(/Approved by Ana/);
    const refused = await lab.until(async () => {
      const rows = await lab.rows("--kind", "approval_refused");
      return rows.length >= 2 && rows;
    }, "a refused press");
    expect(refused.map(({ payload }) => payload["reason"])).toEqual(["stranger", "already_answered"]);
    expect((await lab.rows("--kind", "intent")).length).toBe(1);
  });

  test("a file lands in the workspace, its name made harmless; a stranger's stays nowhere", async () => {
    lab.slack.files.set("F1", new TextEncoder().encode("first line\nsecond line\n"));
    const file = { id: "F1", name: "../../notes\u202e.txt", mimetype: "text/plain", size: 23 };
    const files = [{ ...file, url_private_download: lab.slack.fileUrl("F1") }];
    const before = lab.slack.sent.length;
    lab.say(ANA, "list files in inbox", { subtype: "file_share", files });
    const listed = await lab.heard(/list_files gave back[\s\S]*notes/, before);
    const name = /[0-9a-f]{8}-\S*notes\S*\.txt/.exec(listed.text)?.[0] ?? "";
    lab.say(ANA, `read inbox/${name}`);
    await lab.heard(/second line/, before);
    lab.say(BEN, "mine", { subtype: "file_share", files });
    await lab.until(() => lab.slack.hub.open === 0, "the stranger's file to be taken");
    expect(readdirSync(join(lab.home.data, "spool", "slack"))).toEqual([]);
  });

  test("in a channel only what names the bot is heard, and answered in its thread", async () => {
    const before = lab.slack.sent.length;
    const turns = (await lab.rows("--kind", "turn_started")).length;
    lab.slack.say(ANA, CHANNEL, "hello all");
    const mention = { text: `<@${BOT.id}> hello` };
    lab.slack.say(BEN, CHANNEL, "", mention);
    const said = lab.slack.say(ANA, CHANNEL, "", mention);
    lab.slack.event({ ...said, type: "app_mention" }); // Slack sends both where both are subscribed
    const answer = await lab.heard(/rehearsal script/, before);
    expect({ channel: answer.channel, thread: answer.thread }).toEqual({
      channel: CHANNEL,
      thread: String(said["ts"]),
    });
    lab.slack.say(ANA, CHANNEL, "", { text: `<@${BOT.id}> list files`, thread_ts: said["ts"] });
    expect((await lab.heard(/list_files/, before)).thread).toBe(String(said["ts"]));
    expect((await lab.rows("--kind", "turn_started")).length).toBe(turns + 2);
    expect(lab.slack.sent.slice(before).every(({ channel }) => channel === CHANNEL)).toBe(true);
  });

  test("an edit does not run, nor a deletion, nor another bot", async () => {
    const turns = (await lab.rows("--kind", "turn_started")).length;
    const ts = lab.slack.ts();
    const message = {
      type: "message",
      user: ANA.id,
      text: "run: id",
      ts,
      edited: { user: ANA.id, ts: lab.slack.ts() },
    };
    const change = {
      type: "message",
      channel: ANA.direct,
      channel_type: "im",
      hidden: true,
      event_ts: lab.slack.ts(),
    };
    const previous_message = { ...message, text: "run: ls" };
    lab.slack.event({ ...change, subtype: "message_changed", message, previous_message, ts: lab.slack.ts() });
    lab.slack.event({
      ...change,
      subtype: "message_deleted",
      deleted_ts: ts,
      previous_message,
      ts: lab.slack.ts(),
    });
    lab.say(ANA, "hello", { bot_id: "B0OTHER" });
    await lab.until(async () => {
      const rows = await lab.rows("--kind", "inbound");
      return rows.filter(({ payload }) => payload["kind"] === "edit").length === 2;
    }, "the rows");
    await lab.until(() => lab.slack.hub.open === 0, "every acknowledgement");
    expect((await lab.rows("--kind", "turn_started")).length).toBe(turns);
  });

  test("the adapter is killed at many moments: each message runs once, each answer leaves once", async () => {
    const before = lab.slack.sent.length;
    const turns = (await lab.rows("--kind", "turn_started")).length;
    for (const [at, moment] of [0, 5, 15, 40, 80].entries()) {
      lab.say(ANA, `write ${at} to file-${at}.txt`);
      await Bun.sleep(moment);
      await lab.kill("slack");
    }
    await lab.until(async () => (await lab.rows("--kind", "turn_ended")).length >= turns + 5, "every turn");
    await lab.until(async () => {
      const rows = await lab.rows();
      const ended = rows.filter(({ kind, payload }) => kind === "delivery" && payload["state"] !== "sending");
      return ended.length >= rows.filter(({ kind }) => kind === "outbound").length;
    }, "every delivery's end");
    const heard = (await lab.rows("--kind", "user_message")).map(({ payload }) => payload["inbound"]);
    expect(new Set(heard).size).toBe(heard.length);
    const texts = lab.slack.sent.slice(before).map(({ text }) => text);
    for (const [at] of [0, 1, 2, 3, 4].entries()) {
      expect(
        texts.filter((text) => text.includes(`file-${at}.txt`) && text.includes("gave back")).length,
      ).toBeLessThanOrEqual(1);
    }
    expect(lab.slack.hub.lost).toEqual([]);
    await lab.ok("audit", "verify");
  });

  test("an announced end and a broken connection cost no message, and no minute", async () => {
    const inbound = async (): Promise<number> => (await lab.rows("--kind", "inbound")).length;
    const before = await inbound();
    lab.slack.hub.announceEnd("refresh_requested");
    lab.say(ANA, "/status");
    await lab.until(() => lab.slack.hub.connections === 2, "the second connection");
    lab.say(ANA, "/status");
    lab.slack.hub.dropAll();
    lab.say(ANA, "/status"); // nobody is there: Slack offers it again after a minute, the history has it at once
    await lab.until(async () => (await inbound()) === before + 3, "every message");
    expect(lab.slack.hub.lost).toEqual([]);
  });

  test("a revoked token is shown, and a new one mends it", async () => {
    lab.slack.botRevoked = true;
    lab.slack.event({ type: "tokens_revoked", tokens: { oauth: [], bot: [BOT.id] } });
    const state = async (): Promise<string> => {
      const list = await lab.json<readonly { instance: string; state: string }[]>("channel", "list");
      return list.find(({ instance }) => instance === "slack")?.state ?? "";
    };
    await lab.until(async () => (await state()) === "rejected", "the refusal");
    expect(await lab.ok("status")).toContain("slack rejected: Slack refused the bot token");
    const again = await lab.addChannel();
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain("does not know this bot token");
    lab.slack.botRevoked = false;
    expect((await lab.addChannel()).code).toBe(0);
    await lab.until(async () => (await state()) === "ready", "the channel to be ready again");
  });
});
