/** Discord end to end: the compiled executable, the strict Discord over HTTP and WebSocket, people and an operator. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { shownOf } from "../support/discord-fake/shown.ts";
import { ANA, BEN, DiscordLab, SERVER } from "../support/discord-lab.ts";

describe("Discord in the executable", () => {
  let lab: DiscordLab;
  beforeAll(async () => {
    lab = new DiscordLab();
    await lab.run();
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  test("a token that Discord does not know is refused, and nothing is kept", async () => {
    const added = await lab.addChannel("AAAAAAAA.bbbbbbbb.cccccccccccccc");
    expect(added.code).toBe(77);
    expect(added.stderr).toContain("Discord does not know this token");
    expect(added.stdout + added.stderr).not.toContain("cccccccccccccc");
    expect(await lab.ok("credentials", "list")).not.toContain("discord");
  });

  test("add, pair, ask, answer", async () => {
    const printed = await lab.pairAna();
    expect(printed).toContain("connected: the bot is @wirken");
    expect(printed).toContain("scope=bot+applications.commands&permissions=274877975552");
    const id = lab.say(ANA, "list files");
    const answer = await lab.heard(/empty|files|no file/i, 1);
    expect(answer.channel).toBe(ANA.dm);
    expect(["", id]).toContain(answer.replyTo);
    expect(lab.api.commands).toHaveLength(1);
  });

  test("a stranger gets one fixed answer and no agent; in a server only a mention counts", async () => {
    const before = lab.api.sent.length;
    lab.say(BEN, "run: cat /etc/passwd");
    lab.say(BEN, "list files");
    lab.say(ANA, "list files", { guild_id: SERVER.guild, channel_id: SERVER.channel });
    await lab.until(() => lab.api.sent.length > before, "the fixed answer");
    const asked = "<@900000000000000001> list files";
    const mention = {
      guild_id: SERVER.guild,
      channel_id: SERVER.channel,
      mentions: [{ id: "900000000000000001" }],
    };
    lab.say(ANA, asked, mention);
    await lab.until(
      () => lab.api.sent.slice(before).some(({ channel }) => channel === SERVER.channel),
      "the answer in the server",
    );
    const heard = lab.api.sent.slice(before);
    expect(heard.filter(({ channel }) => channel === BEN.dm)).toHaveLength(1);
    expect(heard.filter(({ channel }) => channel === SERVER.channel)).toHaveLength(1);
  });

  test("a tool call is approved by its button, which its outcome replaces; a stranger's press is nothing", async () => {
    const { code } = await lab.json<{ code: string }>("channel", "pair", "discord", "--up-to", "3");
    const paired = lab.api.sent.length;
    lab.say(ANA, `/wirken pair ${code}`);
    await lab.heard(/^Paired\./, paired);
    const before = lab.api.sent.length;
    lab.say(ANA, "run with *: echo done-by-button");
    const prompt = await lab.until(
      () => lab.api.sent.slice(before).find(({ buttons }) => buttons.length === 2),
      "an approval request",
    );
    expect(shownOf(prompt.content).text).toContain("echo done-by-button");
    const approve = prompt.buttons[1]?.value ?? "";
    const strangers = lab.press(BEN, prompt, approve);
    await lab.until(
      () => lab.api.acknowledged.some(({ id }) => id === strangers),
      "the stranger's acknowledgement",
    );
    expect(prompt.buttons).toHaveLength(2);
    const pressed = lab.press(ANA, prompt, approve);
    lab.press(ANA, prompt, approve);
    await lab.heard(/done-by-button/, before + 1);
    await lab.until(() => prompt.buttons.length === 0, "the buttons to go");
    expect(shownOf(prompt.content).text).toMatch(/Approved by/);
    expect(lab.api.acknowledged).toContainEqual({ id: pressed, type: 6 });
    const decisions = (await lab.rows()).filter(({ kind }) => kind === "approval_decided");
    expect(decisions.length).toBeLessThanOrEqual(1);
  });

  test("an adapter that is killed loses nothing, and resumes its session", async () => {
    const before = lab.api.sent.length;
    const sessions = lab.api.gateway.heard.filter(({ op }) => op === 2).length;
    const pid = await lab.until(() => lab.pidOf("discord"), "the adapter");
    process.kill(pid, "SIGKILL");
    lab.say(ANA, "list files");
    await lab.kill("discord").catch(() => undefined); // it may be between two lives
    await lab.until(() => lab.api.sent.length > before, "the answer after the death");
    await Bun.sleep(300);
    expect(lab.api.sent.slice(before)).toHaveLength(1);
    expect(lab.api.gateway.heard.filter(({ op }) => op === 2)).toHaveLength(sessions);
    expect(lab.api.gateway.heard.some(({ op }) => op === 6)).toBe(true);
  });

  test("a reset token is said, and nothing was objected to", async () => {
    lab.api.revoke();
    await lab.until(
      async () => (await lab.ok("channel", "list")).includes("Discord refused the bot token"),
      "the state",
    );
    expect(lab.api.violations).toEqual([]);
    const log = lab.running.stderr();
    expect(log).not.toContain("of-the-strict-discord");
  });
});
