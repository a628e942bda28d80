/**
 * What people see of a message: its text, what would ring, its links and its buttons; and what Slack would
 * refuse.
 */
export interface Shown {
  text: string;
  /** What would ring somebody's phone. */
  pings: readonly string[];
  links: readonly string[];
  buttons: readonly { readonly text: string; readonly value: string }[];
}

type Json = Record<string, unknown>;

const BLOCKS_MAX = 50;
const TEXT_MAX = 40_000;
const SECTION_MAX = 3_000;
const BUTTON_MAX = 75;
const VALUE_MAX = 2_000;

/** The message as it is shown; a word is Slack's reason for refusing it. */
export function shownOf(payload: Json): Shown | string {
  const blocks = listOf(payload["blocks"]);
  const text = String(payload["text"] ?? "");
  if (!JSON.stringify(payload).isWellFormed()) return "invalid_arguments";
  if (text === "" && blocks.length === 0) return "no_text";
  if (text.length > TEXT_MAX) return "msg_too_long";
  if (blocks.length > BLOCKS_MAX) return "invalid_blocks";
  if (blocks.length === 0) return mrkdwn(text);
  const shown = {
    text: "",
    pings: [] as string[],
    links: [] as string[],
    buttons: [] as { text: string; value: string }[],
  };
  const ids = new Set<string>();
  for (const block of blocks) {
    const problem = addBlock(block, shown, ids);
    if (problem !== "") return problem;
  }
  return { ...shown, text: shown.text.trimEnd() };
}

/** Text as Slack's markup: what stands in angle brackets is a reference. */
function mrkdwn(text: string): Shown {
  const references = [...text.matchAll(/<([^<>]+)>/g)].map(([, inner = ""]) => inner);
  return {
    text: text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&"),
    pings: references.filter((inner) => /^[@!]/.test(inner)),
    links: references.filter((inner) => !/^[@!#]/.test(inner)),
    buttons: [],
  };
}

interface Growing {
  text: string;
  pings: string[];
  links: string[];
  buttons: { text: string; value: string }[];
}

function addBlock(block: Json, shown: Growing, ids: Set<string>): string {
  const elements = listOf(block["elements"]);
  if (block["type"] === "section") {
    const text = objectOf(block["text"]);
    const words = String(text["text"] ?? "");
    if (words === "" || words.length > SECTION_MAX) return "invalid_blocks";
    const part = text["type"] === "mrkdwn" ? mrkdwn(words) : { text: words, pings: [], links: [] };
    shown.text += `${part.text}\n`;
    shown.pings.push(...part.pings);
    shown.links.push(...part.links);
    return "";
  }
  if (elements.length === 0) return "invalid_blocks";
  if (block["type"] === "rich_text")
    return elements.map((element) => addRich(element, shown)).find(Boolean) ?? "";
  for (const button of elements) {
    const label = String(objectOf(button["text"])["text"] ?? "");
    const value = String(button["value"] ?? "");
    const id = String(button["action_id"]);
    if (label === "" || label.length > BUTTON_MAX || value.length > VALUE_MAX || ids.has(id))
      return "invalid_blocks";
    ids.add(id);
    shown.buttons.push({ text: label, value });
  }
  return "";
}

function addRich(element: Json, shown: Growing): string {
  const inner = listOf(element["elements"]);
  if (inner.length === 0) return "invalid_blocks";
  for (const one of inner) {
    if (Array.isArray(one["elements"])) {
      shown.text += element["type"] === "rich_text_list" ? "• " : "";
      const problem = addRich(one, shown);
      if (problem !== "") return problem;
    } else if (one["type"] === "text") {
      if (one["text"] === "") return "invalid_blocks";
      shown.text += String(one["text"]);
    } else if (one["type"] === "link") {
      if (!/^(https?:\/\/|mailto:)/.test(String(one["url"]))) return "invalid_blocks";
      shown.text += String(one["text"] ?? one["url"]);
      shown.links.push(String(one["url"]));
    } else shown.pings.push(JSON.stringify(one));
  }
  shown.text += "\n";
  return "";
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
