/** Nobody answers: a request of the executable ends by itself, in the browser and on Telegram, and nothing runs. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wirken } from "../support/binary.ts";
import { say, startWalk } from "../support/browser-walk.ts";
import { chromiumPath } from "../support/chromium.ts";
import { ANA, TelegramLab } from "../support/telegram-lab.ts";

setDefaultTimeout(60_000); // a cut-off test would take the browser with it

const path = chromiumPath();
if (path === undefined) {
  process.stderr.write("skipped: the card that expires needs Chromium, and there is none here\n");
}
const EXPIRED = /Expired, \d\d:\d\d:\d\d, after 6 s\. Nothing ran\./;
/** Six seconds: the shortest that the configuration takes. */
const CONFIG = { policy: { approval_minutes: 0.1 } };

test.skipIf(path === undefined)(
  "a card that nobody answers expires on both pages and ends its turn (needs chromium)",
  async () => {
    await using walk = await startWalk(CONFIG);
    const { page: chat } = await walk.open(walk.chatLink);
    const { page: desk } = await walk.open(walk.consoleLink);
    await say(chat, "run: touch never.txt");
    await desk
      .locator(".approval")
      .getByText(/open 0:0\d more/)
      .waitFor();
    await chat.locator(".closed-expired").getByText(EXPIRED).waitFor();
    await chat.locator(".calls > summary", { hasText: "expired" }).waitFor();
    await chat
      .getByText(/^Nobody answered in time\. Nothing ran\./)
      .first()
      .waitFor();
    await chat.locator(".stop.idle").waitFor();
    await desk.locator(".cards:not(.answered) .approval").waitFor({ state: "detached" });
    await desk.getByRole("button", { name: /^Show \d+ new$/ }).click();
    await desk.locator(".act", { hasText: "expired" }).first().waitFor();
    expect(await desk.getByRole("button", { name: "Approve once" }).count()).toBe(0);
    const before = await chat.locator(".approval").last().innerText();
    await chat.reload();
    await chat.locator(".closed-expired").getByText(EXPIRED).waitFor();
    expect(await chat.locator(".approval").last().innerText()).toBe(before);

    const rows = await wirken(walk.home, ["audit", "log", "--json", "--kind", "decision"]);
    expect(rows.stdout).toContain('"expired"');
    const intents = await wirken(walk.home, ["audit", "log", "--json", "--kind", "intent"]);
    expect(JSON.parse(intents.stdout)).toEqual([]);
  },
);

describe("on Telegram", () => {
  test("a request that nobody answers loses its buttons, says so, and a press that comes late does nothing", async () => {
    await using lab = new TelegramLab();
    mkdirSync(lab.home.data, { mode: 0o700 });
    writeFileSync(join(lab.home.data, "config.json"), JSON.stringify(CONFIG), { mode: 0o600 });
    await lab.run();
    await lab.pairAna();
    const before = lab.api.sent.length;
    lab.say(ANA, "run: touch never.txt");
    const prompt = await lab.heard(/touch never\.txt/, before);
    const deny = prompt.buttons[0]?.value ?? "";
    expect(deny).not.toBe("");
    await lab.until(() => EXPIRED.test(prompt.text), "the message to say so");
    expect(prompt.buttons).toEqual([]);
    await lab.heard(/^This needed an approval for exec, and nobody answered in time/, before);
    lab.press(ANA, prompt, deny);
    const refused = await lab.until(async () => {
      const rows = await lab.rows("--kind", "approval_refused");
      return rows.length > 0 && rows;
    }, "the late press to be refused");
    expect(refused.map(({ payload }) => payload["reason"])).toEqual(["expired"]);
    expect(await lab.rows("--kind", "intent")).toEqual([]);
    const verdicts = (await lab.rows("--kind", "decision")).map(({ payload }) => payload["verdict"]);
    expect(verdicts).toContain("expired");
    expect(lab.api.violations).toEqual([]);
  });
});
