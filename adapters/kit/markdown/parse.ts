/**
 * The Markdown that models write, as far as chat platforms can show it: paragraphs, headings, lists, quotes,
 * rules, code fences, and tables as they were typed. Line by line, linear, total: every text is some
 * document.
 */
import type { Block } from "./document.ts";
import { parseInline } from "./inline.ts";

const FENCE = /^( {0,3})(`{3,}|~{3,})\s*([\w+#.-]{0,32})[^`]*$/;
const HEADING = /^ {0,3}#{1,6}\s+(.*?)\s*#*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const QUOTE = /^ {0,3}>\s?(.*)$/;
const RULE = /^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$/;
const TABLE_RULE = /^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)+\|?\s*$/;
const LINE_MAX = 20_000; // longer lines are text: no pattern looks at them
const DEPTH_MAX = 6;
/** Controls but newline and tab: no platform shows them, some refuse them. */
const CONTROLS = /(?![\n\t])\p{Cc}/gu;

/** Parses an answer. Lone surrogates are replaced and control characters dropped. */
export function parseMarkdown(markdown: string): readonly Block[] {
  const lines = markdown.toWellFormed().replace(/\r\n?/g, "\n").replace(CONTROLS, "").split("\n");
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  const flush = (): void => {
    const text = paragraph.join("\n").trim();
    if (text !== "") blocks.push({ kind: "paragraph", runs: parseInline(text) });
    paragraph = [];
  };
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const special = line.length > LINE_MAX ? undefined : blockAt(lines, at);
    if (special !== undefined) {
      flush();
      if (special.block !== undefined) blocks.push(special.block);
      at = special.next;
      continue;
    }
    paragraph.push(line);
    at += 1;
  }
  flush();
  return blocks;
}

/** The block that begins at line `at`, with the line after it; `undefined` where a paragraph goes on. */
function blockAt(lines: readonly string[], at: number): { block?: Block; next: number } | undefined {
  const line = lines[at] ?? "";
  if (line.trim() === "") return { next: at + 1 };
  const fence = FENCE.exec(line);
  if (fence !== null) return codeAt(lines, at, fence);
  if (RULE.test(line)) return { block: { kind: "rule" }, next: at + 1 };
  const heading = HEADING.exec(line);
  if (heading !== null)
    return { block: { kind: "heading", runs: parseInline(heading[1] ?? "") }, next: at + 1 };
  if (QUOTE.test(line)) return quoteAt(lines, at);
  if (ITEM.test(line)) return itemAt(lines, at);
  if (line.includes("|") && TABLE_RULE.test(lines[at + 1] ?? "")) return tableAt(lines, at);
  return undefined;
}

function codeAt(
  lines: readonly string[],
  at: number,
  fence: RegExpExecArray,
): { block: Block; next: number } {
  const [, indent = "", marks = "", language = ""] = fence;
  const body: string[] = [];
  let next = at + 1;
  for (; next < lines.length; next++) {
    const line = lines[next] ?? "";
    const bare = line.trim();
    if (bare.length >= marks.length && bare === (marks[0] ?? "").repeat(bare.length)) break;
    body.push(line.startsWith(indent) ? line.slice(indent.length) : line);
  }
  return { block: { kind: "code", language, text: body.join("\n") }, next: next + 1 };
}

function quoteAt(lines: readonly string[], at: number): { block: Block; next: number } {
  const body: string[] = [];
  let next = at;
  for (; next < lines.length; next++) {
    const found = QUOTE.exec(lines[next] ?? "");
    if (found === null) break;
    body.push(found[1] ?? "");
  }
  return { block: { kind: "quote", runs: parseInline(body.join("\n").trim()) }, next };
}

function itemAt(lines: readonly string[], at: number): { block: Block; next: number } {
  const [, indent = "", sign = "", first = ""] = ITEM.exec(lines[at] ?? "") ?? [];
  const body = [first];
  let next = at + 1;
  for (; next < lines.length; next++) {
    const line = lines[next] ?? "";
    // A following line belongs to the entry when it is indented and begins nothing of its own.
    if (!/^\s+\S/.test(line) || ITEM.test(line) || FENCE.test(line)) break;
    body.push(line.trim());
  }
  const depth = Math.min(DEPTH_MAX, Math.floor(indent.replaceAll("\t", "  ").length / 2));
  const marker = /\d/.test(sign) ? sign : "•";
  return { block: { kind: "item", depth, marker, runs: parseInline(body.join("\n")) }, next };
}

/** Tables stay as typed, in equal-width letters: no chat platform has them. */
function tableAt(lines: readonly string[], at: number): { block: Block; next: number } {
  let next = at;
  while (next < lines.length && (lines[next] ?? "").includes("|")) next++;
  return { block: { kind: "code", language: "", text: lines.slice(at, next).join("\n") }, next };
}
