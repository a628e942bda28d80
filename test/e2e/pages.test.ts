/**
 * Both pages in a real browser against a gateway that checks every signature: login, stream, approvals,
 * hostile text.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { ChatItem } from "#contracts/page-api.ts";
import { chromiumPath, launchChromium } from "../support/chromium.ts";
import { Refusal } from "../support/page-gateway.ts";
import {
  type ChatProcess,
  type PageProcess,
  chatProcess,
  consoleProcess,
} from "../support/page-processes.ts";
import * as samples from "../support/page-samples.ts";

setDefaultTimeout(30_000); // a cut-off test would take the browser with it

const path = chromiumPath();
if (path === undefined)
  process.stderr.write("skipped: the page tests need Chromium, and there is none here\n");

describe.skipIf(path === undefined)("the pages in Chromium (needs chromium)", () => {
  let browser: Browser;
  let chat: ChatProcess;
  let board: PageProcess;
  beforeAll(async () => {
    browser = await launchChromium(path ?? "");
    chat = await chatProcess();
    board = await consoleProcess();
    const both = [chat, board];
    for (const { gateway } of both) {
      gateway.answers.set("/api/state", () => samples.state);
      gateway.answers.set("/api/verify", () => samples.intact);
    }
    chat.gateway.answers.set("/api/conversations", () => samples.conversations);
    chat.gateway.answers.set("/api/history", () => []);
    chat.gateway.answers.set("/api/record", () => samples.lines);
    board.gateway.answers.set("/api/approvals", () => ({ waiting: [], ended: [] }));
    board.gateway.answers.set("/api/timeline", () => samples.acts);
  });
  afterAll(async () => {
    await browser.close();
    await chat[Symbol.asyncDispose]();
    await board[Symbol.asyncDispose]();
  });

  /** A page of its own profile, logged in, with whatever its console complained about. */
  async function open(
    target: PageProcess,
  ): Promise<{ page: Page; context: BrowserContext; complaints: string[] }> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(target.url) && !request.url().startsWith("blob:")) {
        complaints.push(`asked ${request.url()}`);
      }
    });
    const streams = (): number =>
      target.gateway.verified.filter((one) => one.startsWith("/api/stream")).length;
    const before = streams();
    await page.addInitScript(() => localStorage.setItem("wirken-conversation", "w-1"));
    await page.goto(`${target.url}/#t=${target.gateway.mint()}`);
    await page.locator("#app").waitFor({ state: "visible" });
    await waitUntil(() => streams() > before);
    await page
      .locator(".chip-agent span, #bar small")
      .filter({ hasText: /\w/ })
      .first()
      .waitFor({ state: "attached" });

    return { page, context, complaints };
  }

  test("a link logs in once, leaves the address, and a reload stays logged in", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const link = `${chat.url}/#t=${chat.gateway.mint()}`;
    await page.goto(link);
    await page.locator("#app").waitFor({ state: "visible" });
    expect(page.url()).toBe(`${chat.url}/`);
    await page.reload();
    await page.locator("#app").waitFor({ state: "visible" });
    const extractable = await page.evaluate(async () => {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const opening = indexedDB.open("wirken");
        opening.onsuccess = () => resolve(opening.result);
      });
      const kept = await new Promise<{ privateKey: CryptoKey }>((resolve) => {
        const asking = database.transaction("keys").objectStore("keys").get("page");
        asking.onsuccess = () => resolve(asking.result);
      });
      return kept.privateKey.extractable;
    });
    expect(extractable).toBe(false);
    expect(await context.cookies()).toEqual([]);
    await context.close();

    const second = await browser.newContext();
    const late = await second.newPage();
    await late.goto(link);
    await late.getByText("This link was already used").waitFor();
    expect(await late.locator("#app").count()).toBe(0);
    await second.close();
  });

  test("a tab without a key says how to get one", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(board.url);
    await page.getByText("wirken open --console").waitFor();
    await context.close();
  });

  test("a page of another port gets nothing from ours", async () => {
    const { page, context } = await open(board);
    const stolen = await page.evaluate(async (url) => {
      const outcomes: string[] = [];
      for (const options of [{}, { mode: "no-cors" as const }, { credentials: "include" as const }]) {
        try {
          const response = await fetch(`${url}/api/state`, { method: "POST", body: "{}", ...options });
          outcomes.push(`${response.type} ${(await response.text()).length}`);
        } catch {
          outcomes.push("refused");
        }
      }
      return outcomes;
    }, chat.url);
    expect(stolen).toEqual(["refused", "refused", "refused"]);
    expect(await page.evaluate(() => [indexedDB.databases === undefined, document.cookie])).toEqual([
      false,
      "",
    ]);
    await context.close();
  });

  test("a message goes out once, streams back, and survives a cut", async () => {
    const { page, context, complaints } = await open(chat);
    chat.inbounds.length = 0;
    await page.locator("#draft").fill("hello there");
    await page.locator("#draft").press("Enter");
    await waitUntil(() => chat.inbounds.length === 1);
    expect(chat.inbounds[0]).toMatchObject({
      kind: "message",
      parts: [{ kind: "text", text: "hello there" }],
    });
    chat.publish({ type: "turn_started", conversation: "w-1", turn: "t-5" });
    chat.publish({
      type: "item",
      conversation: "w-1",
      item: { type: "user", tsMs: samples.NOW, row: 500, text: "hello there", author: "you" },
    });
    for (const text of ["Good ", "**morn", "ing**"]) {
      chat.publish({ type: "text_delta", conversation: "w-1", turn: "t-5", text });
    }
    await page.locator(".answer strong", { hasText: "morning" }).waitFor();
    expect(await page.getByRole("button", { name: "Stop the running turn" }).isEnabled()).toBe(true);
    chat.publish({
      type: "item",
      conversation: "w-1",
      item: { type: "assistant", tsMs: samples.NOW, row: 501, text: "Good **morning**", turn: "t-5" },
    });
    chat.publish({ type: "turn_ended", conversation: "w-1", turn: "t-5", outcome: "answered" });
    await page.getByRole("button", { name: "Show row 501 in the record" }).waitFor();
    expect(await page.locator(".answer").count()).toBe(1);
    expect(await page.locator(".bubble").count()).toBe(1);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test("Stop and the answers to a request become inbound events", async () => {
    const { page, context } = await open(chat);
    chat.inbounds.length = 0;
    chat.publish({ type: "turn_started", conversation: "w-1", turn: "t-6" });
    chat.publish({
      type: "item",
      conversation: "w-1",
      item: { type: "approval", prompt: samples.prompt, closed: null },
    });
    const card = page.getByRole("group", { name: samples.prompt.title });
    await card.waitFor();
    expect(await card.getByRole("button", { name: "Approve once" }).isDisabled()).toBe(true);
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("approval-title");
    await page.keyboard.press("Enter");
    await card.getByRole("button", { name: "Approve once" }).click();
    await waitUntil(() => chat.inbounds.length === 1);
    expect(chat.inbounds[0]).toMatchObject({ kind: "button", value: `approve:${samples.prompt.approvalId}` });
    await page.getByRole("button", { name: "Stop the running turn" }).click();
    await waitUntil(() => chat.inbounds.length === 2);
    expect(chat.inbounds[1]).toMatchObject({ kind: "command", value: "/stop" });
    await context.close();
  });

  test("what was not opened cannot be approved, and a denial carries its reason", async () => {
    const exact = Array.from({ length: 200 }, (_, at) => `line ${at}`).join("\n");
    board.gateway.answers.set("/api/approvals", () => ({
      waiting: [{ ...samples.prompt, exact }],
      ended: [],
    }));
    const bodies: unknown[] = [];
    board.gateway.answers.set("/api/answer", (body) => {
      bodies.push(body);
      return { ok: true, detail: "Denied by you, here, 14:02:11. Nothing ran." };
    });
    const { page, context, complaints } = await open(board);
    const card = page.getByRole("group", { name: samples.prompt.title });
    await card.getByRole("button", { name: "Deny" }).and(page.locator(":enabled")).waitFor();
    expect(await card.getByRole("button", { name: "Approve once" }).isDisabled()).toBe(true);
    await card.getByRole("button", { name: /Show remaining 186 lines · sha256/ }).click();
    expect(await card.getByRole("button", { name: "Approve once" }).isEnabled()).toBe(true);
    expect(await card.locator(".exact").textContent()).toBe(exact);
    await card.getByRole("button", { name: "Deny" }).click();
    await page.keyboard.type("not today");
    await page.keyboard.press("Enter");
    await page.getByText("Denied by you, here, 14:02:11. Nothing ran.").waitFor();
    expect(bodies).toEqual([{ approvalId: samples.prompt.approvalId, verdict: "deny", why: "not today" }]);
    expect(complaints).toEqual([]);
    board.gateway.answers.set("/api/approvals", () => ({ waiting: [], ended: [] }));
    await context.close();
  });

  test("the console verifies, shows a broken row, and opens one", async () => {
    board.gateway.answers.set("/api/verify", () => samples.broken);
    board.gateway.answers.set("/api/row", () => ({
      line: samples.lines[3],
      payload: '{"verdict":"allow"}',
      content: '{"text":"<img src=x onerror=alert(1)>"}',
    }));
    const { page, context, complaints } = await open(board);
    await page.getByText("Row 418 was changed after it was written").waitFor();
    await page.locator(".act > summary").first().click();
    await page.locator(".line").first().click();
    await page.getByText("<img src=x onerror=alert(1)>").waitFor();
    expect(await page.locator(".drawer img").count()).toBe(0);
    expect(complaints).toEqual([]);
    board.gateway.answers.set("/api/verify", () => samples.intact);
    await context.close();
  });

  test("a chat of two thousand messages opens at its end at once, and shows what came before on request", async () => {
    const long: ChatItem[] = Array.from({ length: 2_000 }, (_, at) => {
      const [tsMs, row, text] = [samples.NOW, at + 1, `message ${at + 1}`];
      return at % 2 === 0
        ? { type: "user", tsMs, row, text, author: "you" }
        : { type: "assistant", tsMs, row, turn: `t${at}`, text: `${text}\n\n- a list\n- \`code\`` };
    });
    chat.gateway.answers.set("/api/history", () => long);
    const lines = Array.from({ length: 5_000 }, (_, at) => ({
      ...samples.lines[0],
      id: at + 1,
      seq: at + 1,
    }));
    chat.gateway.answers.set("/api/record", () => lines);
    const { page, context, complaints } = await open(chat);
    const shown = page.locator("#thread > :is(.answer, .from-person)");
    await page.getByText("message 2000", { exact: true }).waitFor();
    expect(await shown.count()).toBe(200);
    expect(await page.locator("#record .rows > li").count()).toBe(500);
    await page.locator("#record .row-head", { hasText: "#5000" }).waitFor();
    const tookMs = await page.evaluate(async () => {
      const begun = performance.now();
      const field = document.querySelector("textarea");
      for (const letter of "ten letters") {
        if (field !== null) field.value += letter;
        field?.dispatchEvent(new Event("input"));
        await new Promise(requestAnimationFrame);
      }
      return performance.now() - begun;
    });
    expect(tookMs).toBeLessThan(1_000);
    await page.getByRole("button", { name: "Show earlier (1,800)" }).click();
    await page.getByRole("button", { name: "Show earlier (1,600)" }).waitFor();
    expect(await shown.count()).toBe(400);
    await page.getByText("message 1801", { exact: true }).waitFor();
    const [first] = await shown.allTextContents();
    expect(first).toContain("message 1601");
    expect(complaints).toEqual([]);
    chat.gateway.answers.set("/api/history", () => []);
    chat.gateway.answers.set("/api/record", () => samples.lines);
    await context.close();
  });

  test("a gateway that forgot the key leads back to the terminal", async () => {
    const { page, context } = await open(chat);
    chat.gateway.forget();
    await page.locator("#draft").fill("are you there");
    await page.locator("#draft").press("Enter");
    await page.getByText("This tab lost its key").waitFor();
    await context.close();
  });

  test("an answer that fails says what happened and keeps the text", async () => {
    chat.gateway.answers.set(
      "/api/send",
      () => new Refusal({ code: "io", message: "the record cannot be written", hint: "look at the disk" }),
    );
    const { page, context } = await open(chat);
    await page.locator("#draft").fill("keep me");
    await page.locator("#draft").press("Enter");
    await page.getByText("The record cannot be written.").waitFor();
    await page.getByRole("button", { name: "Put it back" }).click();
    expect(await page.locator("#draft").inputValue()).toBe("keep me");
    chat.gateway.answers.set("/api/send", () => ({ accepted: true }));
    await context.close();
  });

  test.each([
    ["script", "<script>window.hit=1</script>"],
    ["image", "<img src=x onerror=window.hit=1>"],
    ["svg", "<svg/onload=window.hit=1>"],
    ["javascript link", "[x](javascript:window.hit=1)"],
    ["mixed case link", "[x](JaVaScRiPt:window.hit=1)"],
    ["link with a tab", "[x](java\tscript:window.hit=1)"],
    ["data link", "[x](data:text/html,<script>parent.hit=1</script>)"],
    ["vbscript link", "[x](vbscript:x)"],
    ["angle link", "<javascript:window.hit=1>"],
    ["image pixel", "![x](https://evil.example/pixel.png)"],
    ["link that names another host", "[https://bank.example](https://evil.example/)"],
    ["link with a user", "[x](https://bank.example@evil.example/)"],
    ["attribute break", '[x](https://a.example/" onmouseover="window.hit=1)'],
    ["fenced html", "```html\n<script>window.hit=1</script>\n```"],
    [
      "table html",
      "| <b onclick=window.hit=1>a</b> | b |\n|---|---|\n| <iframe src=javascript:window.hit=1> | c |",
    ],
    ["nested html", "> - <math><mi xlink:href=javascript:window.hit=1>"],
    ["style in code", "`<style>@import url(//evil.example)</style>`"],
    ["deep quote", `${">".repeat(2_000)} deep`],
    ["deep list", `${"- ".repeat(2_000)}deep`],
    ["unclosed emphasis", `${"**a ".repeat(3_000)}`],
    ["open brackets", `${"[".repeat(5_000)}`],
    ["open code", `${"`".repeat(5_000)}x`],
    ["reordering", "\u202egpj.exe\u202c and \u2066x\u2069 and \u0007"],
  ])("hostile text stays text: %s", async (_, text) => {
    const page = await hostilePage();
    const seen = await page.evaluate(async (source) => {
      const module: string = "/shared/markdown.js";
      const { markdown } = await import(module);
      const begun = performance.now();
      const node: HTMLElement = markdown(source);
      const tookMs = performance.now() - begun;
      document.body.append(node);
      const all = [...node.querySelectorAll("*")];
      const found = {
        tookMs,
        tags: [...new Set(all.map((one) => one.tagName.toLowerCase()))],
        handlers: all.flatMap((one) => one.getAttributeNames().filter((name) => name.startsWith("on"))),
        links: all.flatMap((one) => (one instanceof HTMLAnchorElement ? [one.protocol] : [])),
        // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
        lying: /[\u202a-\u202e\u2066-\u2069\u0007]/.test(node.textContent ?? ""),
        claims: all.flatMap((one) =>
          one instanceof HTMLAnchorElement && /bank\.example/.test(one.textContent ?? "") ? [one.host] : [],
        ),
        hit: "hit" in window,
      };
      node.remove();
      return found;
    }, text);
    const harmless =
      /^(p|a|br|hr|h[3-6]|ul|ol|li|code|pre|em|strong|s|blockquote|figure|figcaption|button|svg|path|span|div|table|thead|tbody|tr|th|td)$/;
    expect(seen.tags.filter((tag) => !harmless.test(tag))).toEqual([]);
    expect(seen.handlers).toEqual([]);
    expect(seen.links.filter((one) => !["http:", "https:", "mailto:"].includes(one))).toEqual([]);
    expect(seen.claims).toEqual([]);
    expect({ lying: seen.lying, hit: seen.hit }).toEqual({ lying: false, hit: false });
    expect(seen.tookMs).toBeLessThan(500);
  });

  let hostile: Page | undefined;
  async function hostilePage(): Promise<Page> {
    hostile ??= (await open(chat)).page;
    return hostile;
  }
});

async function waitUntil(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it did not happen within 4 s");
}
