/**
 * Messages as Slack's rich text blocks (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block).
 * They are structure and not markup: what stands in a text element is shown as it is, so no word of a model
 * or a stranger becomes a ping, a link or a format, and a command can be copied without hidden characters in
 * it.
 */
import { type Json, type JsonObject, isJsonObject } from "#contracts/json.ts";
import { type Block, RULE_TEXT, type Run, itemLead, joint } from "#kit/markdown/document.ts";

/** Writes blocks as one rich text block. An empty document gives an empty list, which Slack does not take. */
export function toRichText(blocks: readonly Block[]): JsonObject {
  const elements: JsonObject[] = [];
  let line: Json[] = [];
  let before: Block | undefined;
  const flush = (): void => {
    if (line.length > 0) elements.push({ type: "rich_text_section", elements: line });
    line = [];
  };
  for (const block of blocks) {
    const whole = wholeElement(block);
    if (whole === undefined) {
      if (before !== undefined) line.push({ type: "text", text: joint(before, block) });
      line.push(...lineElements(block));
      before = block;
      continue;
    }
    flush();
    before = undefined;
    if (whole !== "empty") elements.push(whole);
  }
  flush();
  return { type: "rich_text", elements: joinLists(elements) };
}

/** Entries of one depth that follow each other are one list: Slack puts space between lists. */
function joinLists(elements: readonly JsonObject[]): readonly JsonObject[] {
  const joined: JsonObject[] = [];
  for (const element of elements) {
    const before = joined.at(-1);
    const isList = element["type"] === "rich_text_list" && before?.["type"] === "rich_text_list";
    const entries = [before?.["elements"], element["elements"]].flatMap((list) =>
      Array.isArray(list) ? list.filter(isJsonObject) : [],
    );
    if (isList && before["indent"] === element["indent"])
      joined.splice(-1, 1, { ...before, elements: entries });
    else joined.push(element);
  }
  return joined;
}

/** Text for the places where Slack shows no blocks: its three characters of markup escaped. */
export function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A block that is an element of its own; `undefined` for one that is written into the running text. */
function wholeElement(block: Block): JsonObject | "empty" | undefined {
  switch (block.kind) {
    case "quote": {
      const elements = runElements(block.runs);
      return elements.length === 0 ? "empty" : { type: "rich_text_quote", elements };
    }
    case "code":
      if (block.text === "") return "empty";
      return { type: "rich_text_preformatted", elements: [{ type: "text", text: block.text }] };
    case "item": {
      if (block.marker !== "•") return undefined; // Slack would number it anew
      const elements = runElements(block.runs);
      if (elements.length === 0) return "empty";
      const section: JsonObject = { type: "rich_text_section", elements };
      return {
        type: "rich_text_list",
        style: "bullet",
        indent: Math.min(block.depth, 8),
        elements: [section],
      };
    }
    case "paragraph":
    case "heading":
    case "rule":
      return undefined;
  }
}

function lineElements(block: Block): readonly Json[] {
  switch (block.kind) {
    case "heading":
      return runElements(block.runs.map((run) => ({ ...run, marks: [...run.marks, "bold"] })));
    case "paragraph":
      return runElements(block.runs);
    case "item":
      return [{ type: "text", text: itemLead(block) }, ...runElements(block.runs)];
    case "rule":
      return [{ type: "text", text: RULE_TEXT }];
    case "quote":
    case "code":
      return [];
  }
}

/** Runs as elements; Slack refuses empty ones. */
function runElements(runs: readonly Run[]): readonly Json[] {
  return runs.flatMap(({ text, marks, href }) => {
    if (text === "") return [];
    const style = Object.fromEntries(marks.map((mark) => [mark, true]));
    const styled = marks.length === 0 ? {} : { style };
    if (href === "" || marks.includes("code")) return [{ type: "text", text, ...styled }];
    return [{ type: "link", url: href, text, ...styled }];
  });
}
