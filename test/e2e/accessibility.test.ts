/**
 * Both pages of the executable as people with other eyes and hands use them: an audit in every dress, and a walk from
 * the login to the verified record without a mouse.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Page } from "playwright-core";
import { type OpenOptions, say, startWalk, type Walk } from "../support/browser-walk.ts";
import { chromiumPath } from "../support/chromium.ts";
import { tabTo, violations } from "../support/page-audit.ts";

setDefaultTimeout(60_000); // a cut-off test would take the browser with it

const path = chromiumPath();
if (path === undefined) {
  process.stderr.write("skipped: the audit of the pages needs Chromium, and there is none here\n");
}
const PHONE = { width: 390, height: 844 };
const DRESSES: readonly (readonly [string, OpenOptions])[] = [
  ["light", {}],
  ["dark", { colorScheme: "dark" }],
  ["light on a phone", { viewport: PHONE }],
  ["dark on a phone", { viewport: PHONE, colorScheme: "dark" }],
];

describe.skipIf(path === undefined)("without a mouse, without good eyes (needs chromium)", () => {
  let walk: Walk;
  beforeAll(async () => {
    walk = await startWalk();
  });
  afterAll(async () => {
    await walk[Symbol.asyncDispose]();
  });

  const openBoth = async (options: OpenOptions): Promise<readonly [Page, Page]> => {
    const chat = await walk.open(await walk.link("chat"), options);
    const desk = await walk.open(await walk.link("console"), options);
    await chat.page.getByRole("heading", { name: "This is a script, not a model." }).waitFor();
    await desk.page.locator(".verdict.good").waitFor();
    return [chat.page, desk.page];
  };
  const closeBoth = async (pages: readonly Page[]): Promise<void> => {
    for (const page of pages) await page.context().close();
  };

  test.each(DRESSES)("axe finds nothing on either page: %s", async (name, options) => {
    const [chat, desk] = await openBoth(options);
    const found: Record<string, readonly string[]> = {};
    const audit = async (state: string, page: Page): Promise<void> => {
      found[state] = await violations(page);
    };
    await audit("chat, empty", chat);
    await say(chat, "read notes.md");
    await chat.locator(".answer-foot").waitFor();
    await chat.locator(".calls > summary").click();
    await say(chat, "run: uname -a");
    await chat.locator(".approval").waitFor();
    await audit("chat, waiting", chat);
    const deny = desk.locator(".cards:not(.answered)").getByRole("button", { name: "Deny" });
    await deny.scrollIntoViewIfNeeded();
    await audit("console, waiting", desk);
    await deny.click();
    await audit("console, why", desk);
    await desk.keyboard.press("Enter");
    await chat.locator(".closed-denied").waitFor();
    await chat.locator(".answer-foot").nth(1).waitFor();
    await audit("chat, denied", chat);
    if (name.includes("phone")) {
      await chat.getByRole("button", { name: "Show or hide the record" }).click();
      await audit("chat, record as a sheet", chat);
      await chat.keyboard.press("Escape");
      await chat.getByRole("button", { name: "Conversations" }).click();
      await audit("chat, rail as a drawer", chat);
    } else {
      await chat.locator(".chip-walls").click();
      await audit("chat, note", chat);
    }
    await desk.locator(".act > summary", { hasText: "uname -a" }).first().click();
    await audit("console, act", desk);
    await desk.locator(".line").first().click();
    await desk.locator(".drawer dl").waitFor();
    await audit("console, row", desk);
    const gate = await walk.open(new URL(walk.chatLink).origin, options);
    await gate.page.getByText("This tab is not logged in").waitFor();
    await audit("gate", gate.page);
    await gate.context.close();
    expect(Object.entries(found).filter(([, broken]) => broken.length > 0)).toEqual([]);
    expect(Object.keys(found).length).toBeGreaterThan(8);
    await closeBoth([chat, desk]);
  });

  test("the keyboard alone leads from the login over an approval to the verified record", async () => {
    const [chat, desk] = await openBoth({});
    await tabTo(chat, /^Skip to the message field$/);
    await chat.keyboard.press("Enter");
    await chat.keyboard.type("run: echo by-keyboard");
    await chat.keyboard.press("Enter");
    // A card takes the focus to its question, where Enter does nothing.
    await desk.locator(".approval-title:focus", { hasText: "by-keyboard" }).waitFor();
    await desk.keyboard.press("Enter");
    await desk
      .locator(".approval")
      .getByRole("button", { name: "Approve once" })
      .and(desk.locator(":enabled"))
      .waitFor();
    await tabTo(desk, /^Approve once$/);
    await desk.keyboard.press("Enter");
    await desk.locator(".closed-approved").waitFor();
    await chat.locator(".closed-approved", { hasText: "exit 0" }).waitFor();

    await tabTo(chat, /^Verify$/);
    await chat.keyboard.press("Enter");
    await chat.locator("#record .verdict.good").waitFor();
    await tabTo(desk, /^Verify$/);
    await desk.keyboard.press("Enter");
    await desk.locator(".verdict.good").waitFor();
    await desk.keyboard.press("/");
    await desk.keyboard.type("by-keyboard");
    const act = desk.locator(".act", { hasText: "by-keyboard" }).first();
    await act.waitFor();
    await tabTo(desk, /by-keyboard/);
    await desk.keyboard.press("Enter");
    await tabTo(desk, /^#\d+/);
    await desk.keyboard.press("Enter");
    await desk.locator(".drawer dl").waitFor();
    await desk.keyboard.press("Escape");
    await desk.locator(".drawer").waitFor({ state: "hidden" });
    await closeBoth([chat, desk]);
  });
});
