/** Signal end to end: the compiled executable, the strict daemon over HTTP, people and an operator. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { freePort, wirken } from "../support/binary.ts";
import { ANA, BEN, GROUP, SignalLab } from "../support/signal-lab.ts";
import { ACCOUNT, ACCOUNT_UUID } from "../support/signal-fake/daemon.ts";

setDefaultTimeout(60_000);

describe("a paired account", () => {
  let lab: SignalLab;
  let added = "";
  beforeAll(async () => {
    lab = new SignalLab();
    await lab.run();
    added = (await lab.pairAna()).stdout;
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test("is added with what is left to do and a link that opens the chat", async () => {
    expect(added).toContain(`https://signal.me/#p/${ACCOUNT}`);
    expect(added).toContain("--receive-mode on-connection");
    const [channel] = (
      await lab.json<readonly { instance: string; state: string; detail: string }[]>("channel", "list")
    ).filter(({ instance }) => instance === "signal");
    expect(channel).toMatchObject({ state: "ready", detail: "@+49…00" });
  });

  test("gets its answer, with the agent's typing sign", async () => {
    lab.say(ANA, "hello");
    const answer = await lab.heard(/rehearsal script/);
    expect(answer.to).toBe(ANA.sourceUuid);
    expect(answer.quote).toBeUndefined();
    expect(lab.daemon.typing).toContain(ANA.sourceUuid);
  });

  test("a stranger gets one fixed answer and no agent", async () => {
    const before = lab.daemon.sent.length;
    lab.say(BEN, "hello");
    await lab.heard(/does not know you/, before);
    for (let more = 0; more < 5; more++) lab.say(BEN, "hello again");
    lab.say(ANA, "/status");
    await lab.heard(/Agent default/, before);
    expect(lab.daemon.sent.filter(({ to }) => to === BEN.sourceUuid).length).toBe(1);
    expect((await lab.rows("--kind", "turn_started")).length).toBe(1);
  });

  test("a thumb of the approver answers a request, once; a stranger's does not", async () => {
    const { code } = await lab.json<{ code: string }>("channel", "pair", "signal", "--up-to", "3");
    const before = lab.daemon.sent.length;
    lab.say(ANA, `/pair ${code}`);
    await lab.heard(/^Paired\..*every time/, before);
    lab.say(ANA, "run with *: echo by-thumb");
    const prompt = await lab.heard(/echo by-thumb/, before);
    expect(prompt.text).toMatch(/\/deny a-\w+\n\/approve a-\w+/);
    expect(prompt.text).toContain("👍");
    lab.react(BEN, "👍", prompt);
    lab.say(ANA, "/status");
    await lab.heard(/Agent default/, before);
    expect(prompt.edits).toBe(0);
    lab.react(ANA, "👍🏽", prompt);
    lab.react(ANA, "👍", prompt);
    await lab.heard(/This is what exec gave back[\s\S]*by-thumb/, before);
    await lab.until(() => /Approved by Ana/.test(prompt.text), "the outcome");
    expect(prompt.text).not.toContain("/approve");
    expect((await lab.rows("--kind", "intent")).length).toBe(1);
  });

  test("the words answer it as well", async () => {
    const before = lab.daemon.sent.length;
    lab.say(ANA, "run with *: echo by-words");
    const prompt = await lab.heard(/echo by-words/, before);
    lab.say(ANA, /\/deny a-\w+/.exec(prompt.text)?.[0] ?? "");
    await lab.until(() => /Denied by Ana/.test(prompt.text), "the outcome");
    expect((await lab.rows("--kind", "intent")).length).toBe(1);
  });

  test("a file lands in the workspace; a stranger's stays nowhere", async () => {
    lab.daemon.files.set("f1", new TextEncoder().encode("first line\nsecond line\n"));
    const file = { contentType: "text/plain", filename: "../../notes\u202e.txt", id: "f1", size: 23 };
    const before = lab.daemon.sent.length;
    lab.say(ANA, "list files in inbox", { attachments: [file] });
    const listed = await lab.heard(/list_files gave back[\s\S]*notes/, before);
    const name = /[0-9a-f]{8}-\S*notes\S*\.txt/.exec(listed.text)?.[0] ?? "";
    lab.say(ANA, `read inbox/${name}`);
    await lab.heard(/second line/, before);
    lab.say(BEN, null, { attachments: [file] });
    lab.say(ANA, "/status");
    await lab.heard(/Agent default/, before);
    await lab.until(() => readdirSync(join(lab.home.data, "spool", "signal")).length === 0, "an empty spool");
  });

  test("in a group only what names the account is heard, and the answer quotes it", async () => {
    const before = lab.daemon.sent.length;
    const turns = (await lab.rows("--kind", "turn_started")).length;
    const mentions = [{ name: "Wirken", number: ACCOUNT, uuid: ACCOUNT_UUID, start: 0, length: 1 }];
    lab.say(ANA, "hello all", { groupInfo: GROUP });
    lab.say(BEN, "\uFFFC hello", { groupInfo: GROUP, mentions });
    lab.say(ANA, "\uFFFC hello", { groupInfo: GROUP, mentions });
    const answer = await lab.heard(/rehearsal script/, before);
    expect(answer.to).toBe(GROUP.groupId);
    expect(answer.quote?.author).toBe(ANA.sourceUuid);
    expect((await lab.rows("--kind", "turn_started")).length).toBe(turns + 1);
    expect(lab.daemon.violations).toEqual([]);
  });
});

for (const numbered of [true, false]) {
  const version = numbered ? "that repeats its events" : "that says each event once";
  test(`the adapter is killed over a daemon ${version}: each message runs once`, async () => {
    await using lab = new SignalLab(numbered);
    await lab.run();
    await lab.pairAna();
    for (const [at, moment] of [5, 20, 50].entries()) {
      lab.say(ANA, `write ${at} to file-${at}.txt`);
      // What such a daemon has written, and nobody has written down, is gone with its reader.
      if (!numbered) await lab.until(() => isWrittenDown(lab, at), "the message to be safe");
      await Bun.sleep(moment);
      await lab.kill();
      await lab.until(() => lab.daemon.streams.listening === 1, "the adapter to listen");
    }
    const heard = await lab.until(async () => {
      const rows = await lab.rows("--kind", "user_message");
      return rows.length >= 3 && rows;
    }, "every message");
    const texts = heard.map(({ content }) => content?.["text"]);
    expect(texts).toEqual([0, 1, 2].map((at) => `write ${at} to file-${at}.txt`));
    await lab.until(async () => (await lab.rows("--kind", "turn_ended")).length === 3, "every turn");
    expect(lab.daemon.violations).toEqual([]);
    await lab.ok("audit", "verify");
  });
}

/** True when the adapter's journal or the record has message `at`, which came after the pairing's. */
async function isWrittenDown(lab: SignalLab, at: number): Promise<boolean> {
  const kept = readdirSync(join(lab.home.data, "state", "signal"));
  if (kept.some((name) => name.startsWith("event-"))) return true;
  return (await lab.rows("--kind", "inbound")).length > at + 1;
}

test("what cannot work is said before anything is stored, and a second account is a channel of its own", async () => {
  await using lab = new SignalLab();
  const add = async (number: string, base = lab.base) =>
    await wirken(lab.home, ["channel", "add", "signal:eu", "--account-stdin", "--api-base", base], {
      stdin: number,
    });
  expect((await add("0151 5550100")).stderr).toContain("this is not a phone number");
  expect((await add("+4915550199")).stderr).toContain("does not have this account");
  expect((await add(ACCOUNT, `http://127.0.0.1:${freePort()}`)).stderr).toContain("did not answer");
  expect((await add(ACCOUNT, "http://signal.example.org")).stderr).toContain("must be https");
  const without = await wirken(lab.home, ["channel", "add", "signal", "--account-stdin"], { stdin: ACCOUNT });
  expect(without.stderr).toContain("needs the server that it speaks to");
  expect(lab.daemon.sent).toEqual([]);
  expect((await add(ACCOUNT)).stdout).toContain("connected");
});
