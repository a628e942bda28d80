/** Splitting: no piece too long, nothing lost, borders where people expect them. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { toHtml } from "./markdown/html.ts";
import { parseMarkdown } from "./markdown/parse.ts";
import { toPlain } from "./markdown/plain.ts";
import { splitBlocks } from "./split.ts";

function pieces(markdown: string, max: number): string[] {
  return splitBlocks(parseMarkdown(markdown), max).map(toPlain);
}

test("splitBlocks keeps what fits together, at n − 1, n and n + 1", () => {
  for (const length of [63, 64]) expect(pieces("a".repeat(length), 64).length).toBe(1);
  expect(pieces("a".repeat(65), 64).map((piece) => piece.length)).toEqual([64, 1]);
  expect(pieces("", 64)).toEqual([]);
});

test("splitBlocks cuts between paragraphs, then sentences, then words", () => {
  const paragraph = "One two three. Four five six. Seven eight nine ten.";
  expect(pieces(`${paragraph}\n\n${paragraph}`, 64)).toEqual([paragraph, paragraph]);
  expect(pieces(`${paragraph} Eleven twelve thirteen.`, 64)).toEqual([paragraph, "Eleven twelve thirteen."]);
  expect(pieces("word ".repeat(20).trim(), 64).every((piece) => /^(word ?)+$/.test(piece))).toBe(true);
});

test("splitBlocks closes a cut code block and opens it again in its language", () => {
  const code = Array.from({ length: 12 }, (_, index) => `line ${index} of it`).join("\n");
  const groups = splitBlocks(parseMarkdown(`\`\`\`py\n${code}\n\`\`\``), 64);
  expect(groups.length).toBeGreaterThan(2);
  for (const group of groups) expect(toHtml(group)).toStartWith('<pre><code class="language-py">line');
  expect(groups.map(toPlain).join("\n")).toBe(code);
});

test("splitBlocks never cuts a surrogate pair or a visible character", () => {
  const family = "👩‍👩‍👧‍👦";
  const text = family.repeat(40);
  const cut = pieces(text, 64);
  expect(cut.join("")).toBe(text);
  for (const piece of cut) expect(piece.replaceAll(family, "")).toBe("");
  const zalgo = `a${"\u0301".repeat(500)}${"😀".repeat(200)}`;
  for (const piece of pieces(zalgo, 64)) expect(piece.isWellFormed() && piece.length <= 64).toBe(true);
});

test("splitBlocks keeps marks and links on both sides of a cut", () => {
  const groups = splitBlocks(parseMarkdown(`**${"word ".repeat(30).trim()}**`), 64);
  for (const group of groups) expect(toHtml(group)).toMatch(/^<b>word.*<\/b>$/);
});

test("splitBlocks: every piece fits and no letter is lost, for any text and limit", () => {
  const word = fc.constantFrom(
    "a",
    "bb ",
    "ccc. ",
    "\n",
    "\n\n",
    "**",
    "`",
    "```\n",
    "- ",
    "> ",
    "👨‍👩‍👧",
    "d".repeat(90),
  );
  const link = fc.constantFrom("[x](https://e.org/long/x) ", "# ", "1. ");
  fc.assert(
    fc.property(
      fc.array(fc.oneof(word, link), { maxLength: 80 }),
      fc.integer({ min: 64, max: 300 }),
      (words, max) => {
        const blocks = parseMarkdown(words.join(""));
        const cut = splitBlocks(blocks, max).map(toPlain);
        for (const piece of cut) expect(piece.length).toBeLessThanOrEqual(max);
        const letters = (text: string): string => text.replace(/[^a-d👨👩👧]/gu, "");
        const whole = toPlain(blocks);
        expect(letters(cut.join(""))).toBe(letters(whole));
      },
    ),
    { numRuns: 800 },
  );
});
