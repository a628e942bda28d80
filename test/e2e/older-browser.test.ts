/** A browser whose WebCrypto has no Ed25519: both pages of the executable work with ECDSA keys. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { say, startWalk, type Walk } from "../support/browser-walk.ts";
import { chromiumPath } from "../support/chromium.ts";

setDefaultTimeout(30_000); // a cut-off test would take the browser with it

const path = chromiumPath();
if (path === undefined) {
  process.stderr.write("skipped: the older browser needs Chromium, and there is none here\n");
}

describe.skipIf(path === undefined)("a browser without Ed25519 (needs chromium)", () => {
  let walk: Walk;
  beforeAll(async () => {
    walk = await startWalk();
  });
  afterAll(async () => {
    await walk[Symbol.asyncDispose]();
  });

  test("logs in on both pages, sends, approves, and is still known after a reload", async () => {
    const complaints: string[] = [];
    const options = { complaints, before: withoutEd25519 };
    const { page: chat } = await walk.open(walk.chatLink, options);
    const { page: desk } = await walk.open(walk.consoleLink, options);
    for (const page of [chat, desk]) await page.locator("#app").waitFor({ state: "visible" });
    const algorithms = await Promise.all([chat, desk].map((page) => page.evaluate(keptAlgorithm)));
    expect(algorithms).toEqual(["ES256 ECDSA", "ES256 ECDSA"]);
    await chat.reload();
    await say(chat, "run: uname -a");
    const once = desk.getByRole("button", { name: "Approve once" });
    await once.scrollIntoViewIfNeeded();
    await once.click();
    await chat.getByText(/^Approved by you, on the console, .* exit 0\. #\d+$/).waitFor();
    await chat.locator(".answer:not(.live)").filter({ hasText: "Linux" }).waitFor();
    await desk.getByRole("button", { name: "Verify" }).click();
    await desk.locator(".verdict.good", { hasText: "Intact:" }).waitFor();
    expect(complaints).toEqual([]);
  });
});

/** Takes Ed25519 out of WebCrypto before the page's own script asks for it. */
function withoutEd25519(): void {
  const generate = crypto.subtle.generateKey.bind(crypto.subtle);
  const refusing = async (...words: Parameters<typeof generate>): Promise<unknown> => {
    const [algorithm] = words;
    const name = typeof algorithm === "string" ? algorithm : algorithm.name;
    if (name === "Ed25519") throw new DOMException("Unrecognized name.", "NotSupportedError");
    return await generate(...words);
  };
  Object.defineProperty(crypto.subtle, "generateKey", { value: refusing });
}

/** The kind of key that the page keeps. */
async function keptAlgorithm(): Promise<string> {
  const database = await new Promise<IDBDatabase>((resolve) => {
    const opening = indexedDB.open("wirken");
    opening.onsuccess = () => resolve(opening.result);
  });
  return await new Promise<string>((resolve) => {
    const asking = database.transaction("keys").objectStore("keys").get("page");
    asking.onsuccess = () => {
      const { algorithm, privateKey } = asking.result;
      database.close();
      resolve(`${algorithm} ${privateKey.algorithm.name}`);
    };
  });
}
