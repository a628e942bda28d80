/**
 * Telegram's HTML style as strictly as its documentation: what the text is after the entities, or why it is
 * refused.
 */
const SIMPLE = ["b", "i", "s", "u", "code", "pre", "blockquote"];
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

export interface ParsedHtml {
  readonly text: string;
  /** The text outside code: where a mention would ring. */
  readonly ringing: string;
  readonly links: readonly string[];
}

/** Parses HTML style; a string is the reason of a refusal. */
export function parseHtml(html: string): ParsedHtml | string {
  const open: string[] = [];
  const links: string[] = [];
  let text = "";
  let ringing = "";
  const add = (more: string): void => {
    text += more;
    ringing += open.includes("code") || open.includes("pre") ? " " : more;
  };
  for (const token of html.match(/<[^<>]*>|&[^;\s<>]{0,8};?|[^<&]+|[<>&]/g) ?? []) {
    if (token.startsWith("<")) {
      const problem = tag(token, open, links);
      if (problem !== "") return problem;
    } else if (token.startsWith("&")) {
      const known = ENTITIES[token.slice(1, -1)];
      if (known === undefined || !token.endsWith(";")) return `unknown entity ${token}`;
      add(known);
    } else add(token);
  }
  return open.length > 0 ? `unclosed ${open.join(" ")}` : { text, ringing, links };
}

function tag(token: string, open: string[], links: string[]): string {
  const [, slash = "", name = "", rest = ""] = /^<(\/?)([a-z]+)((?:\s[^]*)?)>$/.exec(token) ?? [];
  if (slash === "/") return open.pop() === name && rest === "" ? "" : `wrong end ${token}`;
  if (open.includes("code") || (open.includes("pre") && name !== "code")) return `${name} inside code`;
  open.push(name);
  if (SIMPLE.includes(name) && rest === "") return "";
  if (name === "code" && open.at(-2) === "pre" && /^ class="language-[\w+#.-]+"$/.test(rest)) return "";
  const href = name === "a" ? /^ href="((?:https?:\/\/|mailto:)[^"<>]+)"$/.exec(rest) : null;
  if (href === null) return `unsupported start tag ${token}`;
  links.push((href[1] ?? "").replaceAll("&amp;", "&"));
  return "";
}
