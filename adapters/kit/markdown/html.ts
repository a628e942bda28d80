/**
 * The HTML dialect of chat platforms (Telegram's Bot API "HTML style"): a handful of tags, everything else
 * escaped.
 */
import { type Block, type Mark, RULE_TEXT, type Run, itemLead, joint } from "./document.ts";

const TAG = { bold: "b", italic: "i", strike: "s", code: "code" } as const satisfies Record<Mark, string>;
const ENTITY: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Writes blocks as HTML. */
export function toHtml(blocks: readonly Block[]): string {
  let html = "";
  blocks.forEach((block, index) => {
    const before = blocks[index - 1];
    html += (before === undefined ? "" : joint(before, block)) + blockHtml(block);
  });
  return html;
}

/** Text with the four characters of markup escaped. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITY[character] ?? character);
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case "paragraph":
      return runsHtml(block.runs);
    case "heading":
      return `<b>${runsHtml(block.runs.map(withoutBold))}</b>`;
    case "quote":
      return `<blockquote>${runsHtml(block.runs)}</blockquote>`;
    case "item":
      return escapeHtml(itemLead(block)) + runsHtml(block.runs);
    case "code": {
      const body = escapeHtml(block.text);
      if (block.language === "") return `<pre>${body}</pre>`;
      return `<pre><code class="language-${escapeHtml(block.language)}">${body}</code></pre>`;
    }
    case "rule":
      return RULE_TEXT;
  }
}

/** A heading is bold already, and Telegram refuses a mark within itself. */
function withoutBold(run: Run): Run {
  return { ...run, marks: run.marks.filter((mark) => mark !== "bold") };
}

function runsHtml(runs: readonly Run[]): string {
  return runs.map(runHtml).join("");
}

/** A run. Code takes no other mark: Telegram refuses entities inside code. */
function runHtml({ text, marks, href }: Run): string {
  const tags = marks.includes("code") ? (["code"] as const) : marks;
  let html = escapeHtml(text);
  for (const mark of [...tags].reverse()) html = `<${TAG[mark]}>${html}</${TAG[mark]}>`;
  return href === "" || marks.includes("code") ? html : `<a href="${escapeHtml(href)}">${html}</a>`;
}
