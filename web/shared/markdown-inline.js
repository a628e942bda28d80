// Inline markdown: code, emphasis, links. One pass over the text; every alternative is bounded, so no text is
// slow.
import { h } from "./dom.js";

const DEPTH_MAX = 4;
const INLINE = new RegExp(
  [
    "(?<code>`{1,4})(?!`)(?<codeText>[^\\n]{1,2000}?)(?<!`)\\k<code>(?!`)",
    '!?\\[(?<linkText>[^\\[\\]\\n]{0,500})\\]\\((?<linkTo>[^\\s()<>]{1,2000}(?:\\([^\\s()<>]{0,500}\\)[^\\s()<>]{0,500})?)(?: "[^"\\n]{0,300}")?\\)',
    "<(?<angle>(?:https?://|mailto:)[^\\s<>]{1,2000})>",
    "(?<bare>https?://[^\\s<>()\\[\\]`\"']{1,2000}[^\\s<>()\\[\\]`\"'.,;:!?*_~])",
    "(?<![\\w*])\\*\\*(?<strong>\\S(?:[^\\n]{0,1000}?\\S)?)\\*\\*(?!\\*)",
    "(?<![\\w*])\\*(?<em>[^\\s*](?:[^*\\n]{0,1000}?[^\\s*])?)\\*(?![\\w*])",
    "(?<![\\w_])_(?<em2>[^\\s_](?:[^_\\n]{0,1000}?[^\\s_])?)_(?![\\w_])",
    "~~(?<gone>\\S(?:[^~\\n]{0,1000}?\\S)?)~~",
    "\\\\(?<escaped>[!-/:-@\\[-`{-~])",
  ].join("|"),
  "gu",
);
const SCHEMES = new Set(["http:", "https:", "mailto:"]);

/** The nodes of a line. */
export function inline(text, depth = 0) {
  if (depth > DEPTH_MAX) return [text];
  const nodes = [];
  let last = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > last) nodes.push(text.slice(last, found.index));
    nodes.push(...nodesOf(found[0], found.groups, depth));
    last = found.index + found[0].length;
  }
  if (last < text.length) nodes.push(text.slice(last));
  return nodes;
}

function nodesOf(whole, groups, depth) {
  if (groups.codeText !== undefined) return [h("code", {}, groups.codeText)];
  if (groups.linkTo !== undefined) return link(groups.linkTo, groups.linkText, whole, depth);
  if (groups.angle !== undefined) return link(groups.angle, "", whole, depth);
  if (groups.bare !== undefined) return link(groups.bare, "", whole, depth);
  if (groups.strong !== undefined) return [h("strong", {}, ...inline(groups.strong, depth + 1))];
  const emphasis = groups.em ?? groups.em2;
  if (emphasis !== undefined) return [h("em", {}, ...inline(emphasis, depth + 1))];
  if (groups.gone !== undefined) return [h("s", {}, ...inline(groups.gone, depth + 1))];
  return [groups.escaped ?? whole];
}

/** A link with its host beside it, so that words cannot claim another place; any other scheme stays text. */
function link(target, words, whole, depth) {
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (url === undefined || !SCHEMES.has(url.protocol)) return [whole];
  if (url.username !== "" || url.password !== "") return [whole];
  const place = url.protocol === "mailto:" ? url.pathname : url.host;
  const label =
    words.trim() === "" ? [target] : inline(words.replaceAll(/https?:\/\/\S+/g, place), depth + 2);
  const anchor = h("a", { href: url.href, rel: "noopener noreferrer nofollow", target: "_blank" }, ...label);
  const plain = words.trim() === "" || words.trim() === target;
  return plain ? [anchor] : [anchor, h("span", { class: "host" }, ` (${place})`)];
}
