/**
 * Discord's dialect of Markdown (https://discord.com/developers/docs/reference#message-formatting): every character
 * that could begin markup is escaped in text, so that only our own marks are marks.
 */
import { type Block, type Run, RULE_TEXT, itemLead, joint } from "#kit/markdown/document.ts";

const MARK = { bold: "**", italic: "*", strike: "~~" } as const;
/** Invisible and without width: breaks a run of backticks. */
const JOINER = "\u2060";
const URL_TEXT = /https?:\/\/[\w\-.~:/?#@!$&'+,;=%]+/g;
const SPECIAL = /[\\*_~`|<>[\]]/g;
/** What makes a heading, a list, small text at the beginning of a line. */
const LINE_START = /^(\s*)(#{1,3}|-#|[-+])(?=\s)/gm;
const NUMBERED = /^(\s*\d+)([.)])(?=\s)/gm;

/** Writes blocks as Discord reads them. */
export function toDiscord(blocks: readonly Block[]): string {
  let text = "";
  blocks.forEach((block, index) => {
    const before = blocks[index - 1];
    text += (before === undefined ? "" : joint(before, block)) + blockText(block);
  });
  return text;
}

/** Plain text that Discord shows as it is. A bare address stays one: what is seen is where it leads. */
export function escapeDiscord(text: string): string {
  let escaped = "";
  let at = 0;
  for (const found of text.matchAll(URL_TEXT)) {
    escaped += text.slice(at, found.index).replace(SPECIAL, "\\$&") + found[0];
    at = found.index + found[0].length;
  }
  return escaped + text.slice(at).replace(SPECIAL, "\\$&");
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "paragraph":
      return atLineStarts(runsText(block.runs));
    case "heading":
      return runsText(
        block.runs.map((run) => ({ ...run, marks: [...new Set([...run.marks, "bold" as const])] })),
      );
    case "quote":
      return runsText(block.runs).replace(/^/gm, "> ");
    case "item":
      return itemLead(block) + runsText(block.runs);
    case "code": {
      const language = /^[a-z0-9+#-]{1,20}$/i.test(block.language) ? block.language : "";
      return `\`\`\`${language}\n${block.text.replace(/`(?=`)/g, `\`${JOINER}`)}\n\`\`\``;
    }
    case "rule":
      return RULE_TEXT;
  }
}

function atLineStarts(text: string): string {
  return text.replace(LINE_START, "$1\\$2").replace(NUMBERED, "$1\\$2");
}

function runsText(runs: readonly Run[]): string {
  return runs.map(runText).join("");
}

/** A run: its marks around the text, but never around blanks, where Discord would show them. */
function runText({ text, marks, href }: Run): string {
  if (marks.includes("code")) return codeText(text);
  const [, before = "", body = "", after = ""] = /^(\s*)([^]*?)(\s*)$/.exec(text) ?? [];
  if (body === "") return text;
  let marked = escapeDiscord(body);
  for (const mark of ["strike", "italic", "bold"] as const) {
    if (marks.includes(mark)) marked = MARK[mark] + marked + MARK[mark];
  }
  if (href === "" || href === text) return before + marked + after;
  return `${before}[${marked}](<${href.replace(/[<>\s]/g, encodeURIComponent)}>)${after}`;
}

/** Inline code. Two backticks hold single ones; a run of backticks is broken. */
function codeText(text: string): string {
  if (!text.includes("`")) return `\`${text}\``;
  return `\`\` ${text.replace(/`(?=`)/g, `\`${JOINER}`)} \`\``;
}
