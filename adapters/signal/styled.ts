/**
 * Text with styles, as Signal has them: the text stays plain, and ranges of UTF-16 units beside it say how it looks
 * (signal-cli: `start:length:STYLE`). So nothing in a text can become markup.
 */
import { type Block, type Mark, RULE_TEXT, type Run, itemLead, joint } from "#kit/markdown/document.ts";
import { runPlain } from "#kit/markdown/plain.ts";

/** Signal's apps ignore what is beyond. */
const STYLES_MAX = 200;
const STYLE_OF = {
  bold: "BOLD",
  italic: "ITALIC",
  strike: "STRIKETHROUGH",
  code: "MONOSPACE",
} as const satisfies Record<Mark, string>;

export interface StyledText {
  readonly text: string;
  /** `start:length:STYLE` */
  readonly styles: readonly string[];
}

/** Writes blocks; the text is the one that `toPlain` writes. */
export function toStyled(blocks: readonly Block[]): StyledText {
  let text = "";
  const styles: string[] = [];
  const add = (piece: string, marks: readonly Mark[]): void => {
    if (piece !== "")
      for (const mark of marks) styles.push(`${text.length}:${piece.length}:${STYLE_OF[mark]}`);
    text += piece;
  };
  blocks.forEach((block, index) => {
    const before = blocks[index - 1];
    if (before !== undefined) add(joint(before, block), []);
    for (const { text: piece, marks } of blockRuns(block)) add(piece, marks);
  });
  return { text, styles: styles.slice(0, STYLES_MAX) };
}

function blockRuns(block: Block): readonly Pick<Run, "text" | "marks">[] {
  switch (block.kind) {
    case "paragraph":
      return shown(block.runs);
    case "heading":
      return shown(block.runs).map(({ text, marks }) => ({
        text,
        marks: marks.includes("bold") ? marks : [...marks, "bold" as const],
      }));
    case "quote":
      return quoted(block.runs);
    case "item":
      return [{ text: itemLead(block), marks: [] }, ...shown(block.runs)];
    case "code":
      return [{ text: block.text, marks: ["code"] }];
    case "rule":
      return [{ text: RULE_TEXT, marks: [] }];
  }
}

function shown(runs: readonly Run[]): readonly Pick<Run, "text" | "marks">[] {
  return runs.map((run) => ({ text: runPlain(run), marks: run.marks }));
}

/** "> " before every line, wherever a run begins. */
function quoted(runs: readonly Run[]): readonly Pick<Run, "text" | "marks">[] {
  return shown(runs).map(({ text, marks }, index) => ({
    text: (index === 0 ? "> " : "") + text.replaceAll("\n", "\n> "),
    marks,
  }));
}
