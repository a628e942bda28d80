/** An accessibility audit of a page as it stands, by axe-core, which we did not write; and walking by keyboard alone. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type axeCore from "axe-core";
import type { Page } from "playwright-core";
import { ROOT } from "../source-files.ts";

/** In the page, once its source was run there. */
declare const axe: typeof axeCore;

const SOURCE = readFileSync(join(ROOT, "node_modules", "axe-core", "axe.min.js"), "utf8");
const STOPS_MAX = 60;

/** Every rule that the page breaks, with where; all rules of axe-core count, best practices too. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(SOURCE);
  return await page.evaluate(async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
  });
}

/**
 * Presses Tab until the focus is on what is called `name`; throws when it cannot be reached, or when a stop on the way
 * does not show that it has the focus.
 */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  const passed: string[] = [];
  while (passed.length < STOPS_MAX) {
    await page.keyboard.press("Tab");
    const { called, shown } = await focused(page);
    if (called !== "" && !shown) throw new Error(`nobody sees that “${called}” has the focus`);
    if (name.test(called)) return;
    passed.push(called);
  }
  throw new Error(`${String(name)} was not reached by Tab, only ${JSON.stringify(passed)}`);
}

/** What has the focus, by its label or text, and whether it can be seen to have it. */
async function focused(page: Page): Promise<{ called: string; shown: boolean }> {
  return await page.evaluate(() => {
    const node = document.activeElement;
    if (node === null || node === document.body) return { called: "", shown: true };
    const ringed = (one: Element): boolean => getComputedStyle(one).outlineStyle !== "none";
    const framed = node.closest(".box:focus-within") !== null; // the composer's frame takes the accent
    const { width, height } = node.getBoundingClientRect();
    const called = node.getAttribute("aria-label") ?? node.textContent ?? "";
    return { called: called.trim(), shown: (ringed(node) || framed) && width > 1 && height > 1 };
  });
}
