/** A message of the bot as a program shows it: the HTML read by a parser of its own, tags taken out. */
import type { Json } from "./stream.ts";

export interface Shown {
  readonly text: string;
  readonly links: readonly string[];
  readonly pings: readonly string[];
  readonly buttons: readonly { readonly text: string; readonly value: string }[];
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

/** Shows the content of a message. */
export function shownOf(content: Json): Shown {
  const body = String(content["body"]);
  const html = content["formatted_body"];
  const rich = typeof html === "string" ? html : "";
  const text = rich === "" ? body : textOf(rich);
  const links = [...rich.matchAll(/<a href="([^"]*)"/g)].map(([, href = ""]) => href);
  const users: unknown = Object(content["m.mentions"] ?? {})["user_ids"];
  const listed = Array.isArray(users) ? users.map(String) : [];
  const isRoom = content["m.mentions"] === undefined && /@room\b/.test(body);
  const pills = links.filter((href) => href.startsWith("https://matrix.to/"));
  return { text, links, pings: [...listed, ...pills, ...(isRoom ? ["@room"] : [])], buttons: wordsOf(body) };
}

/** The words to type are what a button is elsewhere. */
function wordsOf(body: string): Shown["buttons"] {
  return [...body.matchAll(/^!(deny|approve) (a-\w+)( remember)?$/gm)].map(
    ([, word = "", id = "", remember = ""]) => ({
      text: word === "deny" ? "Deny" : remember === "" ? "Approve once" : "Approve and remember",
      value: `${word}${remember === "" ? "" : "-remember"}:${id}`,
    }),
  );
}

function textOf(html: string): string {
  return html
    .replaceAll("<br>", "\n")
    .replace(/<[^>]*>/g, "")
    .replace(/&(amp|lt|gt|quot);/g, (_, name: string) => ENTITIES[name] ?? "");
}
