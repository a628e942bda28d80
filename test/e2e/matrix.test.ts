/** Matrix end to end: the compiled executable, the strict homeserver over HTTP, people and an operator. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { FAKE_TOKEN } from "../support/matrix-fake/homeserver.ts";
import { shownOf } from "../support/matrix-fake/shown.ts";
import { ANA, BEN, DIRECT, MatrixLab, TEAM } from "../support/matrix-lab.ts";

setDefaultTimeout(60_000);

describe("Matrix in the executable", () => {
  let lab: MatrixLab;
  beforeAll(async () => {
    lab = new MatrixLab();
    await lab.run();
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  test("a token that the homeserver does not know is refused, and so is one's own account", async () => {
    const wrong = await lab.addChannel("syt_another-token-that-is-not-known");
    expect(wrong.code).toBe(77);
    expect(wrong.stderr).toContain("the homeserver does not know this token");
    expect((await lab.addChannel(FAKE_TOKEN, "@wirken:lab.test")).stderr).toContain("your own account's");
    expect(await lab.ok("credentials", "list")).not.toContain("matrix");
  });

  test("add, invite, pair, ask, answer, with a typing sign", async () => {
    const printed = await lab.pairAna();
    expect(printed).toContain("https://matrix.to/#/@wirken:lab.test");
    lab.say(ANA, "list files");
    const answer = await lab.heard(/empty|files|no file/i, 1);
    expect(answer.room).toBe(DIRECT);
    expect(lab.server.typing.some(({ typing }) => typing)).toBe(true);
  });

  test("an invitation of somebody unknown is declined", async () => {
    lab.server.stream.invite("!strange:lab.test", "@eve:lab.test");
    await lab.until(() => lab.server.stream.declined.includes("!strange:lab.test"), "the refusal");
  });

  test("in a room with more people only a mention counts, and a stranger gets no agent", async () => {
    lab.server.stream.open(TEAM, { [ANA]: "Ana", [BEN]: "Ben" });
    const before = lab.server.sent.length;
    const mention = { "m.mentions": { user_ids: ["@wirken:lab.test"] } };
    lab.say(ANA, "list files", TEAM);
    lab.say(BEN, "Wirken: list files", TEAM, mention);
    const asked = lab.say(ANA, "Wirken: list files", TEAM, mention);
    await lab.heard(/empty|files|no file/i, before);
    await Bun.sleep(300);
    const turns = (await lab.rows("--kind", "turn_started")).length;
    expect(turns).toBe(2);
    const answers = lab.server.sent.slice(before).filter(({ relation }) => {
      const target: unknown = Object(relation["m.in_reply_to"] ?? {})["event_id"];
      return target === asked;
    });
    expect(answers).toHaveLength(1);
  });

  test("a tool call is approved by the approver's ✅ alone, and the request shows its outcome", async () => {
    const { code } = await lab.json<{ code: string }>("channel", "pair", "matrix", "--up-to", "3");
    const paired = lab.server.sent.length;
    lab.say(ANA, `!pair ${code}`);
    await lab.heard(/^Paired\./, paired);
    const before = lab.server.sent.length;
    const intents = (await lab.rows("--kind", "intent")).length;
    lab.say(ANA, "run with *: echo done-by-sign");
    const prompt = await lab.heard(/echo done-by-sign/, before);
    await lab.until(() => lab.server.reactions.some(({ target }) => target === prompt.id), "the signs");
    lab.react(BEN, "✅", prompt);
    await Bun.sleep(300);
    expect(prompt.edits).toBe(0);
    lab.react(ANA, "✅", prompt);
    lab.react(ANA, "👍", prompt);
    await lab.heard(/gave back[\s\S]*done-by-sign/, before + 1);
    await lab.until(() => /Approved by/.test(shownOf(prompt.content).text), "the outcome");
    expect(shownOf(prompt.content).buttons).toEqual([]);
    expect((await lab.rows("--kind", "intent")).length).toBe(intents + 1);
  });

  test("an encrypted room is told once that it cannot be read, and nothing of it runs", async () => {
    const room = "!secret:lab.test";
    lab.server.stream.open(room, { [ANA]: "Ana" }, true);
    const turns = (await lab.rows("--kind", "turn_started")).length;
    const before = lab.server.sent.length;
    for (let more = 0; more < 3; more++)
      lab.server.stream.write(room, { type: "m.room.encrypted", sender: ANA, content: { ciphertext: "x" } });
    lab.say(ANA, "list files", room);
    await lab.heard(/cannot read encrypted messages/, before);
    lab.say(ANA, "!status");
    await lab.heard(/Agent default/, before);
    expect(lab.server.sent.slice(before).filter((message) => message.room === room)).toHaveLength(1);
    expect((await lab.rows("--kind", "turn_started")).length).toBe(turns);
    await lab.until(
      async () => (await lab.ok("channel", "list")).includes("encrypted rooms that it cannot read: 1"),
      "the state",
    );
  });

  test("an adapter that is killed loses nothing and says nothing twice", async () => {
    const before = lab.server.sent.length;
    const pid = await lab.until(() => lab.pidOf("matrix"), "the adapter");
    process.kill(pid, "SIGKILL");
    lab.say(ANA, "list files");
    await lab.kill("matrix").catch(() => undefined); // it may be between two lives
    await lab.until(() => lab.server.sent.length > before, "the answer after the death");
    await Bun.sleep(300);
    expect(lab.server.sent.slice(before)).toHaveLength(1);
  });

  test("a token that was signed out is said, and nothing was objected to", async () => {
    lab.server.revoked = true;
    lab.server.stream.write(DIRECT, { type: "m.room.member", sender: ANA, content: {} }); // ends the waiting sync
    await lab.until(
      async () => (await lab.ok("channel", "list")).includes("refused the access token"),
      "the state",
    );
    expect(lab.server.violations).toEqual([]);
    expect(lab.running.stderr()).not.toContain(FAKE_TOKEN);
  });
});
