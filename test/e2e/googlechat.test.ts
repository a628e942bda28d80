/** Google Chat end to end: the compiled executable, the strict Chat API over HTTP, its signed events, people and an operator. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { wirken } from "../support/binary.ts";
import { ANA, BEN, GoogleChatLab } from "../support/googlechat-lab.ts";

setDefaultTimeout(60_000);

describe("a paired chat", () => {
  let lab: GoogleChatLab;
  beforeAll(async () => {
    lab = new GoogleChatLab();
    await lab.run();
    await lab.pairAna();
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test("gets its answer; a stranger gets one fixed answer and no agent", async () => {
    lab.say(ANA, "hello");
    await lab.heard(/rehearsal script/);
    const before = lab.api.sent.length;
    for (let times = 0; times < 4; times++) lab.say(BEN, "hello, run: id");
    await lab.heard(/does not know you/, before);
    lab.say(ANA, "/status");
    await lab.heard(/Agent default/, before);
    await lab.until(() => lab.api.undelivered === 0, "every event to be taken");
    expect(lab.api.sent.filter(({ space }) => space === "spaces/D1002").length).toBe(1);
    expect((await lab.rows("--kind", "turn_started")).length).toBe(1);
    expect(lab.api.violations).toEqual([]);
  });

  test("whoever may, approves by button, once, and nobody else; the outcome takes the buttons' place", async () => {
    const { code } = await lab.json<{ code: string }>("channel", "pair", "googlechat", "--up-to", "3");
    const before = lab.api.sent.length;
    lab.say(ANA, `/pair ${code}`);
    await lab.heard(/^Paired\..*every time/, before);
    lab.say(ANA, "run with *: echo by-button");
    const prompt = await lab.heard(/echo by-button/, before);
    expect(prompt.buttons.map(({ text }) => text)).toEqual(["Deny", "Approve once"]);
    const value = prompt.buttons[1]?.value ?? "";
    lab.press(BEN, prompt, value);
    await lab.until(() => lab.api.undelivered === 0, "the stranger's press to be taken");
    lab.press(ANA, prompt, value);
    await Bun.sleep(5); // two presses have two moments; one event that comes twice has one
    lab.press(ANA, prompt, value);
    await lab.heard(/This is what exec gave back[\s\S]*by-button/, before);
    await lab.until(() => /Approved by Ana/.test(prompt.text), "the outcome");
    expect(prompt.buttons).toEqual([]);
    const refused = await lab.until(async () => {
      const rows = await lab.rows("--kind", "approval_refused");
      return rows.length >= 2 && rows;
    }, "two refused presses");
    expect(refused.map(({ payload }) => payload["reason"])).toEqual(["stranger", "already_answered"]);
    expect((await lab.rows("--kind", "intent")).length).toBe(1);
  });

  test("in a space only what names the app is heard, in its own thread", async () => {
    const before = lab.api.sent.length;
    const space = { name: "spaces/TEAM", spaceType: "SPACE" };
    const thread = { thread: { name: "spaces/TEAM/threads/T9" } };
    const mention = {
      annotations: [{ type: "USER_MENTION", userMention: { user: { name: "users/app", type: "BOT" } } }],
    };
    lab.say(ANA, "hello all", thread, space);
    lab.say(ANA, "hello", { ...thread, ...mention, text: "@wirken hello", argumentText: " hello" }, space);
    const answer = await lab.heard(/rehearsal script/, before);
    expect([answer.space, answer.thread]).toEqual(["spaces/TEAM", "spaces/TEAM/threads/T9"]);
    expect(lab.api.sent.slice(before).length).toBe(1);
  });

  test("a file lands in the workspace", async () => {
    lab.api.files.set("Cg1zcGFjZXM=", new TextEncoder().encode("first line\n"));
    const before = lab.api.sent.length;
    const attachment = [
      { contentName: "../../notes\u202e.txt", attachmentDataRef: { resourceName: "Cg1zcGFjZXM=" } },
    ];
    lab.say(ANA, "list files in inbox", { attachment });
    await lab.heard(/list_files gave back[\s\S]*notes/, before);
    expect(readdirSync(join(lab.home.data, "spool", "googlechat"))).toEqual([]);
  });

  test("strangers at the port: without a token for this project, signed by Google, nothing comes in", async () => {
    const url = `http://127.0.0.1:${lab.port}/googlechat`;
    const rows = (await lab.rows("--kind", "inbound")).length;
    const body = JSON.stringify({ type: "MESSAGE" });
    const post = async (authorization: string): Promise<number> =>
      (await fetch(url, { method: "POST", body, headers: { authorization } })).status;
    const [head = "", claims = "", signature = ""] = lab.api.token().split(".");
    expect(await post("")).toBe(401);
    expect(await post(`Bearer ${head}.${claims}.`)).toBe(401);
    expect(await post(`Bearer ${head}.${claims}x.${signature}`)).toBe(401);
    expect(await post(`Bearer ${lab.api.token({ aud: "999999999999" })}`)).toBe(401);
    expect(await post(`Bearer ${lab.api.token({ iss: "https://accounts.google.com" })}`)).toBe(401);
    expect(await post(`Bearer ${lab.api.token({ exp: 1 })}`)).toBe(401);
    expect(await post(`Bearer ${lab.api.token()}`)).toBe(200);
    expect((await lab.rows("--kind", "inbound")).length).toBe(rows);
  });

  test("channel doctor knows this channel's address from another", async () => {
    const found = await lab.ok(
      "channel",
      "doctor",
      "googlechat",
      "--url",
      `http://127.0.0.1:${lab.port}/googlechat`,
    );
    expect(found).toContain("knows us as wirken-bot");
    expect(found.match(/leads to this channel/g)?.length).toBe(2);
    const words = ["channel", "doctor", "googlechat", "--url", `http://127.0.0.1:${lab.port}/elsewhere`];
    const other = await wirken(lab.home, words);
    expect([other.code !== 0, other.stdout.includes("something else answers")]).toEqual([true, true]);
  });

  test("no part of the key stands in the folder, or in what was printed", () => {
    const key = String(JSON.parse(lab.keyFile).private_key).split("\n")[3] ?? "";
    expect(key.length).toBeGreaterThan(40);
    expect(lab.running.stderr() + lab.running.stdout()).not.toContain(key);
    for (const file of readdirSync(lab.home.data, { recursive: true, withFileTypes: true })) {
      if (file.isFile()) expect(readFileSync(join(file.parentPath, file.name), "latin1")).not.toContain(key);
    }
  });
});

test("an adapter that dies while people write says nothing twice, and takes what is sent again", async () => {
  await using lab = new GoogleChatLab();
  await lab.run();
  await lab.pairAna();
  for (let n = 0; n < 3; n++) lab.say(ANA, `hello number ${n}`);
  await lab.kill("googlechat");
  await lab.until(() => lab.api.undelivered === 0, "every event to be taken");
  await lab.until(async () => (await lab.rows("--kind", "turn_ended")).length >= 3, "three turns");
  const asked = (await lab.rows("--kind", "user_message")).map(({ content }) => String(content?.["text"]));
  expect(asked.map((text) => /number \d/.exec(text)?.[0])).toEqual([0, 1, 2].map((n) => `number ${n}`));
  const answers = lab.api.sent.filter(({ text }) => text.includes("rehearsal script"));
  expect(answers.length).toBeLessThanOrEqual(3);
});
