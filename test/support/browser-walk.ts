/** `wirken run` of the executable with both pages open in Chromium, as a person has them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { type Home, type Running, freshHome, startWirken, wirken } from "./binary.ts";
import { chromiumPath, launchChromium } from "./chromium.ts";

const WAIT_MS = 10_000;

export interface OpenOptions extends BrowserContextOptions {
  /** What the page's own console complains about goes here. */
  readonly complaints?: string[];
  /** Runs in the page before its first script. */
  readonly before?: () => void;
}

export interface Walk extends AsyncDisposable {
  readonly home: Home;
  readonly running: Running;
  readonly browser: Browser;
  /** The one-time link that `wirken run` printed. */
  readonly chatLink: string;
  readonly consoleLink: string;
  /** Another one-time link, as `wirken open` prints it. */
  link(page: "chat" | "console"): Promise<string>;
  /** A page of a profile of its own. */
  open(link: string, options?: OpenOptions): Promise<{ page: Page; context: BrowserContext }>;
}

/** Starts the executable in a fresh home, with a `config.json` where one is given, and a browser beside it. */
export async function startWalk(config?: object): Promise<Walk> {
  const home = freshHome();
  if (config !== undefined) {
    mkdirSync(home.data, { mode: 0o700 });
    writeFileSync(join(home.data, "config.json"), JSON.stringify(config), { mode: 0o600 });
  }
  const running = await startWirken(home);
  const browser = await launchChromium(chromiumPath() ?? "");
  const open: Walk["open"] = async (link, options = {}) => {
    const { complaints = [], before, ...more } = options;
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...more });
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS); // before the test's own end, which would take the browser with it
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    if (before !== undefined) await page.addInitScript(before);
    await page.goto(link);
    return { page, context };
  };
  return {
    home,
    running,
    browser,
    chatLink: await linkOf(running, "chat"),
    consoleLink: await linkOf(running, "console"),
    link: async (page) => {
      const words = page === "chat" ? ["open", "--print"] : ["open", "--console", "--print"];
      return (await wirken(home, words)).stdout.trim();
    },
    open,
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await running.stop();
      home[Symbol.dispose]();
    },
  };
}

/** The link that the start printed for a page. */
async function linkOf(running: Running, page: "chat" | "console"): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const link = new RegExp(`^ +${page} +(http\\S+#t=\\S+)`, "m").exec(running.stdout())?.[1];
    if (link !== undefined) return link;
    await Bun.sleep(50);
  }
  throw new Error(`wirken run printed no link for the ${page}: ${running.stdout()}${running.stderr()}`);
}

/** Types a message and sends it. */
export async function say(page: Page, text: string): Promise<void> {
  await page.locator("#draft").fill(text);
  await page.locator("#draft").press("Enter");
}

/** Process id of a role, as `wirken status` tells it. */
export async function pidOf(home: Home, role: string): Promise<number> {
  const status = await wirken(home, ["status", "--json"]);
  const { roles } = JSON.parse(status.stdout);
  const found = roles.find((each: { role: string; pid: number }) => each.role === role);
  if (found === undefined) throw new Error(`no process has the role ${role}`);
  return found.pid;
}
