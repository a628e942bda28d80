/**
 * Text without markup, for platforms that have none and for the fallback when a platform refuses our markup.
 */
import { type Block, RULE_TEXT, type Run, itemLead, joint } from "./document.ts";

/** Writes blocks as plain text; links show their address. */
export function toPlain(blocks: readonly Block[]): string {
  let text = "";
  blocks.forEach((block, index) => {
    const before = blocks[index - 1];
    text += (before === undefined ? "" : joint(before, block)) + blockPlain(block);
  });
  return text;
}

/** One block as plain text. */
export function blockPlain(block: Block): string {
  switch (block.kind) {
    case "paragraph":
    case "heading":
      return runsPlain(block.runs);
    case "quote":
      return runsPlain(block.runs).replace(/^/gm, "> ");
    case "item":
      return itemLead(block) + runsPlain(block.runs);
    case "code":
      return block.text;
    case "rule":
      return RULE_TEXT;
  }
}

/** One run as plain text. */
export function runPlain({ text, href }: Run): string {
  return href === "" || href === text ? text : `${text} (${href})`;
}

function runsPlain(runs: readonly Run[]): string {
  return runs.map(runPlain).join("");
}
