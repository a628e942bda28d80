/** Markdown to dialects: a table of what must come out, and properties over hostile text. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseHtml } from "#test/support/telegram-fake/html.ts";
import { toHtml } from "./html.ts";
import { parseMarkdown } from "./parse.ts";
import { withoutPings } from "./pings.ts";
import { toPlain } from "./plain.ts";

const TABLE: readonly (readonly [markdown: string, html: string, plain: string])[] = [
  ["plain <b> & text", "plain &lt;b&gt; &amp; text", "plain <b> & text"],
  [
    "**bold** and *it* and _it_ and ~~no~~",
    "<b>bold</b> and <i>it</i> and <i>it</i> and <s>no</s>",
    "bold and it and it and no",
  ],
  ["***both*** x", "<b><i>both</i></b> x", "both x"],
  ["**a `b*c` d**", "<b>a </b><code>b*c</code><b> d</b>", "a b*c d"],
  ["snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"],
  ["**open and `open", "**open and `open", "**open and `open"],
  ["\\*not\\* it", "*not* it", "*not* it"],
  ["# **Head** line", "<b>Head line</b>", "Head line"],
  ["- a\n  - b\n2. c", "• a\n  • b\n2. c", "• a\n  • b\n2. c"],
  ["> q1\n> q2", "<blockquote>q1\nq2</blockquote>", "> q1\n> q2"],
  [
    "```ts\nlet a = <b>;\n```",
    '<pre><code class="language-ts">let a = &lt;b&gt;;</code></pre>',
    "let a = <b>;",
  ],
  ["```\nnever closed", "<pre>never closed</pre>", "never closed"],
  [
    "[site](https://e.org/?a=1&b=2)",
    '<a href="https://e.org/?a=1&amp;b=2">site</a>',
    "site (https://e.org/?a=1&b=2)",
  ],
  ["[bank.com](https://evil.org)", "bank.com (https://evil.org)", "bank.com (https://evil.org)"],
  [
    "[x](javascript:alert(1)) [y](tg://user?id=1)",
    "[x](javascript:alert(1)) [y](tg://user?id=1)",
    "[x](javascript:alert(1)) [y](tg://user?id=1)",
  ],
  ["a\n\n---\n\nb", "a\n\n———\n\nb", "a\n\n———\n\nb"],
  [
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "<pre>| a | b |\n|---|---|\n| 1 | 2 |</pre>",
    "| a | b |\n|---|---|\n| 1 | 2 |",
  ],
];

test("parseMarkdown writes each form in both dialects", () => {
  for (const [markdown, html, plain] of TABLE) {
    const blocks = parseMarkdown(markdown);
    expect({ markdown, html: toHtml(blocks), plain: toPlain(blocks) }).toEqual({ markdown, html, plain });
  }
});

const hostile = fc.array(
  fc.oneof(
    fc.constantFrom(
      "*",
      "**",
      "_",
      "__",
      "~~",
      "`",
      "```",
      "\n",
      "\n\n",
      "[",
      "](",
      "https://e.x",
      ")",
      "<",
      ">",
    ),
    fc.constantFrom(
      "&",
      "@a",
      "# ",
      "- ",
      "1. ",
      "> ",
      "|",
      "\\",
      "\u202e",
      "\ud83d",
      "\udc69",
      "\u0000",
      " ",
      "a",
      "é",
    ),
    fc.string({ maxLength: 4 }),
  ),
  { maxLength: 60 },
);

test("toHtml is HTML that a strict reader takes, for any text", () => {
  fc.assert(
    fc.property(hostile, (tokens) => {
      const blocks = parseMarkdown(tokens.join(""));
      const parsed = parseHtml(toHtml(blocks));
      if (typeof parsed === "string") throw new Error(parsed);
      expect(parsed.ringing.match(/(?<![\p{L}\p{N}_])@\w/u)).toBeNull();
      expect(toHtml(blocks).isWellFormed()).toBe(true);
    }),
    { numRuns: 1_500 },
  );
});

test("parseMarkdown takes linear time for inputs made to hurt it", () => {
  const size = 100_000;
  for (const unit of [
    "*",
    "**a ",
    "_a ",
    "[",
    "[a](",
    "`",
    "``a",
    "> ",
    "- ",
    "|",
    "<",
    "\\",
    "~~a",
    "![[",
  ]) {
    const text = unit.repeat(size / unit.length);
    const start = performance.now();
    toHtml(parseMarkdown(text));
    expect({ unit, slow: performance.now() - start > 1_500 }).toEqual({ unit, slow: false });
  }
});

test("withoutPings leaves addresses and marks every ping once", () => {
  expect(withoutPings("ana@example.org")).toBe("ana@example.org");
  expect(withoutPings("@all <@U1> <!here>")).toBe("@\u2060all <\u2060@\u2060U1> <\u2060!here>");
  expect(withoutPings(withoutPings("@all"))).toBe("@\u2060all");
});
