/**
 * The marks that WhatsApp and Google Chat share: `*bold*`, `_italic_`, `~strike~`, backticks
 * (https://faq.whatsapp.com/539178204879377, https://developers.google.com/workspace/chat/format-messages).
 * Neither can escape one, so text may carry marks of its own; what could become a link or a ping there is the adapter's
 * to make inert.
 */
import { type Block, type Mark, type Run, RULE_TEXT, itemLead, joint } from "./document.ts";
import { runPlain } from "./plain.ts";

const SIGN = { bold: "*", italic: "_", strike: "~", code: "`" } as const satisfies Record<Mark, string>;
/** Invisible and without width: breaks a run of backticks. */
const JOINER = "\u2060";

/** Writes blocks with these marks. */
export function toStarred(blocks: readonly Block[]): string {
  let text = "";
  blocks.forEach((block, index) => {
    const before = blocks[index - 1];
    text += (before === undefined ? "" : joint(before, block)) + blockText(block);
  });
  return text;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "paragraph":
      return runsText(block.runs);
    case "heading":
      return marked(block.runs.map(runPlain).join(""), ["bold"]);
    case "quote":
      return runsText(block.runs).replace(/^/gm, "> ");
    case "item":
      return itemLead(block) + runsText(block.runs);
    case "code":
      return `\`\`\`${block.text.replace(/`(?=`)/g, `\`${JOINER}`)}\`\`\``;
    case "rule":
      return RULE_TEXT;
  }
}

function runsText(runs: readonly Run[]): string {
  return runs.map((run) => (run.href === "" ? marked(run.text, run.marks) : runPlain(run))).join("");
}

/** A mark counts only around text on one line without spaces at its ends and without the mark's own sign. */
function marked(text: string, marks: readonly Mark[]): string {
  const [, before = "", core = "", after = ""] = /^(\s*)([^]*?)(\s*)$/.exec(text) ?? [];
  if (core === "" || core.includes("\n")) return text;
  const inner = marks.reduce(
    (whole, mark) => (core.includes(SIGN[mark]) ? whole : SIGN[mark] + whole + SIGN[mark]),
    core,
  );
  return before + inner + after;
}
