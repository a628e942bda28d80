/**
 * A person's first quarter of an hour in a real browser against the executable: from the printed link over the first
 * approval to the verified record, and what someone beside them cannot do.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { connectControl } from "#cli/client.ts";
import { dataPaths } from "#host/paths.ts";
import { wirken } from "../support/binary.ts";
import { pidOf, say, startWalk, type Walk } from "../support/browser-walk.ts";
import { chromiumPath } from "../support/chromium.ts";

setDefaultTimeout(30_000); // a cut-off test would take the browser with it

const path = chromiumPath();
if (path === undefined) {
  process.stderr.write("skipped: the walk through the pages needs Chromium, and there is none here\n");
}

describe.skipIf(path === undefined)("a newcomer in the browser (needs chromium)", () => {
  let walk: Walk;
  let chat: Page;
  let desk: Page;
  const complaints: string[] = [];
  beforeAll(async () => {
    walk = await startWalk();
    chat = (await walk.open(walk.chatLink, { complaints })).page;
    desk = (await walk.open(walk.consoleLink, { complaints })).page;
  });
  afterAll(async () => {
    await walk[Symbol.asyncDispose]();
  });

  const answers = () => chat.locator(".answer:not(.live)");
  const outcome = (page: Page) => page.locator(".approval-outcome").last();
  /** The state of the newest call's line. */
  const lastCall = () => chat.locator(".calls > summary").last();
  /** Presses a button of the waiting card. A person scrolls to it first: buttons live only once they were seen. */
  const answerOnConsole = async (name: string): Promise<void> => {
    const button = desk.locator(".cards:not(.answered)").getByRole("button", { name });
    await button.waitFor();
    await button.scrollIntoViewIfNeeded();
    await button.click();
  };

  test("the link of the start logs in once, and leaves nothing that another port or origin could use", async () => {
    await chat.locator("#app").waitFor({ state: "visible" });
    expect(chat.url()).not.toContain("t=");
    const late = await walk.open(walk.chatLink);
    await late.page.getByText("This link was already used").waitFor();
    await late.context.close();

    const seen: Record<string, string>[] = [];
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => {
        seen.push(Object.fromEntries(request.headers));
        return new Response("<title>another port</title>", { headers: { "content-type": "text/html" } });
      },
    });
    const other = await chat.context().newPage();
    await other.goto(`http://127.0.0.1:${server.port}/`);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((headers) => "cookie" in headers || "authorization" in headers)).toEqual([]);
    const target = new URL(walk.chatLink).origin;
    const got = await other.evaluate(async (url) => {
      const tries = [`${url}/`, `${url}/api/state`, `${url}/api/stream?after=0`].map(async (one) => {
        const response = await fetch(one, { method: one.endsWith("state") ? "POST" : "GET" });
        return response.text();
      });
      const read = await Promise.allSettled(tries);
      const databases = await indexedDB.databases();
      return { read: read.map(({ status }) => status), databases, stored: Object.keys(localStorage) };
    }, target);
    expect(got).toEqual({ read: ["rejected", "rejected", "rejected"], databases: [], stored: [] });
    await other.close();
    const plain = await fetch(`${target}/api/state`, { method: "POST", body: "{}" });
    expect(plain.ok).toBe(false);
  });

  test("the first screen's tries are real: files are listed and read at once", async () => {
    await chat.getByRole("heading", { name: "This is a script, not a model." }).waitFor();
    await chat.getByRole("button", { name: /^list files/ }).click();
    await answers().filter({ hasText: "notes.md" }).waitFor();
    await say(chat, "read notes.md");
    await answers().filter({ hasText: "Welcome. This folder is the workspace" }).waitFor();
    expect(await chat.locator(".approval").count()).toBe(0);
  });

  test("what asks every time says where to answer, and is denied on the console without a reload", async () => {
    await say(chat, "delete https://example.com/draft");
    const card = chat.locator(".approval").last();
    await card.waitFor();
    const way = card.getByRole("link", { name: "Answer on the console" });
    expect(await way.getAttribute("href")).toBe(`${new URL(walk.consoleLink).origin}/`);
    expect(await card.getByRole("button", { name: "Approve once" }).count()).toBe(0);
    await answerOnConsole("Deny");
    await desk.keyboard.type("not before lunch");
    await desk.keyboard.press("Enter");
    await outcome(desk)
      .getByText(/^Denied by you, here, /)
      .waitFor();
    await card.getByText(/^Denied by you, on the console, /).waitFor();
    await answers().filter({ hasText: "not before lunch" }).waitFor();
    await lastCall().getByText("denied").waitFor();
  });

  test("a command that waits runs once it is approved on the console, and the chat shows it", async () => {
    await say(chat, "run: uname -a");
    await chat.getByRole("group", { name: "Run uname -a?" }).waitFor();
    await answerOnConsole("Approve once");
    await outcome(chat)
      .getByText(/^Approved by you, on the console, .* Ran .* exit 0\. #\d+$/)
      .waitFor();
    await answers().filter({ hasText: "Linux" }).waitFor();
  });

  test("the record shows the decision before the result, and Verify says intact", async () => {
    const kinds = await chat.locator("#record .row-head b").allTextContents();
    const [asked, decided, began, ended] = [
      kinds.lastIndexOf("approval requested"),
      kinds.lastIndexOf("decision"),
      kinds.lastIndexOf("intent"),
      kinds.lastIndexOf("tool result"),
    ];
    expect(asked).toBeGreaterThan(0);
    expect([asked, decided, began, ended]).toEqual([asked, decided, began, ended].sort((a, b) => a - b));
    await chat.locator("#record").getByRole("button", { name: "Verify" }).click();
    await chat.locator("#record .verdict.good", { hasText: "Intact:" }).waitFor();
    await chat.locator(".chip-record.good", { hasText: "Record intact" }).waitFor();
    await desk.getByRole("button", { name: "Verify" }).click();
    await desk.locator(".verdict.good", { hasText: "Intact:" }).waitFor();
  });

  test("Stop ends a running command; what was typed meanwhile follows; a reload shows the same", async () => {
    await say(chat, "run: for i in 1 2 3; do echo tick $i; sleep 1; done; sleep 30");
    await answerOnConsole("Approve once");
    await lastCall().getByText("running").waitFor();
    // Its lines are there while it runs: the newest beside the closed card, all of them in the open one.
    await lastCall().getByText("tick 1").waitFor();
    await lastCall().click();
    await chat.locator(".call pre").last().getByText("tick 1\ntick 2").waitFor();
    await lastCall().click();
    await say(chat, "list files");
    await chat.getByText("sent after this answer").waitFor();
    await chat.getByRole("button", { name: "Stop the running turn" }).click();
    await chat.getByText("Stopped. What was done until then stands in the record.").waitFor();
    await outcome(chat).getByText("Stopped while it ran.").waitFor();
    await chat.getByText("sent after this answer").waitFor({ state: "hidden" });
    await answers().filter({ hasText: "notes.md" }).last().waitFor();
    await chat.locator(".stop.idle").waitFor();
    await answers().last().locator(".answer-foot").waitFor();
    const before = await chat.locator("#thread").innerText();
    await chat.reload();
    await answers().last().waitFor();
    expect(await chat.locator("#thread").innerText()).toBe(before);
  });

  test("a request that nobody answered says so on both pages, and is asked again from either", async () => {
    const open = async (minutes: number): Promise<void> => {
      const client = await connectControl(dataPaths(walk.home.data).controlSocket);
      if (!client.ok) throw new Error(client.error.message);
      using control = client.value;
      const applied = await control.call("config_apply", {
        config: { policy: { approval_minutes: minutes } },
      });
      expect(applied.ok).toBe(true);
    };
    const expired = /^Expired, [0-9:]{8}, after 6 s\. Nothing ran\.$/;
    await open(0.1);
    await say(chat, "run: uname -r");
    await outcome(chat).getByText(expired).waitFor();
    await desk.locator(".answered .approval-outcome").first().getByText(expired).waitFor();
    await open(15);
    const asks = chat.getByRole("group", { name: "Run uname -r?" });
    await asks.getByRole("button", { name: "Ask again" }).click();
    await desk.locator(".cards:not(.answered) .approval").waitFor();
    expect(await asks.count()).toBe(2);
    expect(await asks.getByRole("button", { name: "Ask again" }).count()).toBe(0);
    await desk.locator(".answered").getByRole("button", { name: "Ask again" }).first().click();
    await desk.getByText("Nothing here waits to be asked again.").waitFor();
    await answerOnConsole("Deny");
    await desk.keyboard.press("Enter");
    await outcome(chat)
      .getByText(/^Denied by you, on the console, /)
      .waitFor();
  });

  test("hostile names, texts and commands stay text on both pages", async () => {
    const workspace = join(walk.home.data, "agents", "default", "workspace");
    const image = "<img src=x onerror=window.hit=1>";
    const text = "<script>window.hit=1</script>\n```\n<svg onload=window.hit=1>\u202etxt.exe";
    writeFileSync(join(workspace, `${image}.md`), "");
    writeFileSync(join(workspace, "x.md"), text);
    await say(chat, "list files");
    await answers()
      .filter({ hasText: `${image}.md` })
      .waitFor();
    await say(chat, "read x.md");
    await answers().filter({ hasText: "<script>window.hit=1</script>" }).waitFor();
    await say(chat, `run: echo '${image}'`);
    await desk.locator(".approval-title", { hasText: image }).waitFor();
    await answerOnConsole("Deny");
    await desk.keyboard.press("Enter");
    await outcome(chat)
      .getByText(/^Denied by you/)
      .waitFor();
    await desk.locator(".act", { hasText: image }).first().waitFor();
    for (const page of [chat, desk]) {
      expect(await page.evaluate(() => "hit" in window)).toBe(false);
      expect(await page.locator("main img, main script, main svg[onload]").count()).toBe(0);
    }
    expect(await chat.locator("#thread").innerText()).not.toContain("\u202e");
  });

  test("the console opens a chat of its own, logged in", async () => {
    const opening = desk.context().waitForEvent("page");
    await desk.getByRole("button", { name: "Open chat" }).click();
    const opened = await opening;
    await opened.locator("#app").waitFor({ state: "visible" });
    expect(opened.url()).toBe(`${new URL(walk.chatLink).origin}/`);
    await opened.getByRole("heading", { name: "This is a script, not a model." }).waitFor();
    await say(opened, "list files");
    await opened.locator(".answer:not(.live)").filter({ hasText: "notes.md" }).waitFor();
    await opened.close();
    await chat.locator("#rail .talk-title", { hasText: "list files" }).first().waitFor();
  });

  test("a chat that the operator trusts with it answers for itself", async () => {
    const listed = await wirken(walk.home, ["approvers", "list", "--json"]);
    const person = /p-[a-z0-9]+/.exec(listed.stdout)?.[0] ?? "";
    const added = await wirken(walk.home, [
      "approvers",
      "add",
      person,
      "--surface",
      "webchat",
      "--up-to",
      "3",
    ]);
    expect(added.code).toBe(0);
    await say(chat, "run: echo trusted");
    const card = chat.getByRole("group", { name: "Run echo trusted?" });
    await card.getByRole("button", { name: "Approve once" }).click();
    await outcome(chat)
      .getByText(/^Approved by you, here, .* exit 0\./)
      .waitFor();
    await say(chat, "/new");
    await chat.getByRole("heading", { name: "This is a script, not a model." }).waitFor();
  });

  test("the pages of a gateway that was killed say so, keep the draft, and go on", async () => {
    expect(complaints).toEqual([]);
    await chat.locator("#draft").fill("list files");
    process.kill(await pidOf(walk.home, "gateway"), "SIGKILL");
    await chat.getByText(/^Gateway restarting, your draft is safe, reconnecting in \d+ s$/).waitFor();
    await chat.getByText(/^Gateway restarting/).waitFor({ state: "hidden" });
    expect(await chat.locator("#draft").inputValue()).toBe("list files");
    await chat.locator("#draft").press("Enter");
    await answers().filter({ hasText: "notes.md" }).waitFor();
    await chat.locator("#record").getByRole("button", { name: "Verify" }).click();
    await chat.locator("#record .verdict.good", { hasText: "Intact:" }).waitFor();
    await desk.getByText("Reconnecting").waitFor({ state: "hidden" });
  });
});
