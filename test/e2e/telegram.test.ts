/** Telegram end to end: the compiled executable, the strict Bot API over HTTP, people and an operator. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
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
    lab.say(ANA, "run: uname -a");
    const prompt = await lab.heard(/uname -a/, before);
    expect(prompt.text).toContain("wirken permissions approve");
    expect(prompt.buttons.map(({ text }) => text)).toEqual(["Deny"]);
    const pending = await lab.json<readonly { approvalId: string }[]>("permissions", "pending");
    await lab.ok("permissions", "approve", pending[0]?.approvalId ?? "");
    await lab.heard(/This is what exec gave back[\s\S]*Linux/, before);
    await lab.until(() => /Approved by you, on the command line/.test(prompt.text), "the outcome");
  });
});
