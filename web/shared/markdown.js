// Markdown as DOM nodes: text is only ever a text node, so nothing in it can become markup. Links go to http,
// https and mailto alone and show their host; images become links; raw HTML stays text
// (docs/formats/pages.md, "Text").
import { button, copyText, h } from "./dom.js";
import { inline } from "./markdown-inline.js";
import { visible } from "./words.js";

const DEPTH_MAX = 6;
const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([\w+#.-]{0,32})[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])[ \t]+(.*)$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const TABLE_RULE = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

/** The nodes of a text. */
export function markdown(text) {
  const lines = visible(text.replaceAll("\r\n", "\n")).split("\n");
  return h("div", { class: "prose" }, ...blocks(lines, 0));
}

function blocks(lines, depth) {
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    const [node, next] = block(lines, at, depth);
    if (node !== null) nodes.push(node);
    at = next;
  }
  return nodes;
}

/** The block that begins at a line, and the line after it. */
function block(lines, at, depth) {
  const line = lines[at];
  if (line.trim() === "") return [null, at + 1];
  const fence = FENCE.exec(line);
  if (fence !== null) return codeBlock(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading !== null)
    return [h(`h${Math.min(6, heading[1].length + 2)}`, {}, ...inline(heading[2])), at + 1];
  if (RULE.test(line)) return [h("hr"), at + 1];
  if (depth < DEPTH_MAX && QUOTE.test(line)) return quoteBlock(lines, at, depth);
  if (depth < DEPTH_MAX && ITEM.test(line)) return listBlock(lines, at, depth);
  if (line.includes("|") && TABLE_RULE.test(lines[at + 1] ?? "")) return tableBlock(lines, at);
  return paragraph(lines, at);
}

function codeBlock(lines, at, [, mark, language]) {
  const close = new RegExp(`^ {0,3}${mark[0]}{${mark.length},}[ \\t]*$`);
  let end = at + 1;
  while (end < lines.length && !close.test(lines[end])) end += 1;
  const code = lines.slice(at + 1, end).join("\n");
  const copy = button("Copy", {
    icon: "copy",
    kind: "small quiet",
    on: { click: () => copyText(code, copy) },
  });
  const head = h("figcaption", {}, h("span", {}, language || "text"), copy);
  return [h("figure", { class: "code" }, head, h("pre", { tabindex: "0" }, h("code", {}, code))), end + 1];
}

function quoteBlock(lines, at, depth) {
  const inner = [];
  let end = at;
  for (let found = QUOTE.exec(lines[end]); found !== null; found = QUOTE.exec(lines[end] ?? "")) {
    inner.push(found[1]);
    end += 1;
  }
  return [h("blockquote", {}, ...blocks(inner, depth + 1)), end];
}

function listBlock(lines, at, depth) {
  const ordered = /^\d/.test(ITEM.exec(lines[at])[2]);
  const items = [];
  let end = at;
  while (end < lines.length) {
    const found = ITEM.exec(lines[end]);
    if (found === null || /^\d/.test(found[2]) !== ordered) break;
    const inner = [found[3]];
    end += 1;
    while (end < lines.length && belongs(lines, end)) {
      inner.push(lines[end].replace(/^(?: {1,4}|\t)/, ""));
      end += 1;
    }
    items.push(h("li", {}, ...tight(blocks(inner, depth + 1))));
    while (end + 1 < lines.length && lines[end].trim() === "" && ITEM.test(lines[end + 1])) end += 1;
  }
  const start = Number.parseInt(ITEM.exec(lines[at])[2], 10);
  return [
    ordered ? h("ol", { start: start === 1 ? undefined : start }, ...items) : h("ul", {}, ...items),
    end,
  ];
}

/** A line belongs to the item above it when it is indented, or goes on with its paragraph. */
function belongs(lines, at) {
  const line = lines[at];
  if (line.trim() === "") return /^(?: {2,}|\t)\S/.test(lines[at + 1] ?? "");
  if (/^(?: {2,}|\t)/.test(line)) return true;
  return lines[at - 1].trim() !== "" && !startsBlock(line);
}

/** A single paragraph in an item needs no paragraph around it. */
function tight(nodes) {
  return nodes[0]?.tagName === "P" ? [...nodes[0].childNodes, ...nodes.slice(1)] : nodes;
}

function tableBlock(lines, at) {
  const cells = (line) =>
    line
      .trim()
      .replace(/^\||\|$/g, "")
      .split("|")
      .map((cell) => cell.trim());
  const heads = cells(lines[at]);
  const rows = [];
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|") && lines[end].trim() !== "") {
    rows.push(cells(lines[end]).slice(0, heads.length));
    end += 1;
  }
  const row = (tag, values) => h("tr", {}, ...values.map((value) => h(tag, {}, ...inline(value))));
  const body = h("tbody", {}, ...rows.map((values) => row("td", values)));
  const table = h("table", {}, h("thead", {}, row("th", heads)), body);
  return [h("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Table" }, table), end];
}

function paragraph(lines, at) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() !== "" && !startsBlock(lines[end])) end += 1;
  const nodes = [];
  for (const [index, line] of lines.slice(at, end).entries()) {
    if (index > 0) nodes.push(h("br"));
    nodes.push(...inline(line.trim()));
  }
  return [h("p", {}, ...nodes), end];
}

function startsBlock(line) {
  return [FENCE, HEADING, RULE, QUOTE, ITEM].some((pattern) => pattern.test(line));
}
