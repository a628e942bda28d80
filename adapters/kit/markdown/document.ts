/**
 * A message as flat blocks of marked runs: what the small Markdown of answers becomes before it is written
 * in a platform's dialect. Flat, so that a message can be cut anywhere without losing a mark.
 */
export const MARKS = ["bold", "italic", "strike", "code"] as const;
export type Mark = (typeof MARKS)[number];

/** Text with the same marks throughout. */
export interface Run {
  readonly text: string;
  readonly marks: readonly Mark[];
  /** `http`, `https` or `mailto` address; empty for none. */
  readonly href: string;
}

export type Block =
  | { readonly kind: "paragraph"; readonly runs: readonly Run[] }
  | { readonly kind: "heading"; readonly runs: readonly Run[] }
  | { readonly kind: "quote"; readonly runs: readonly Run[] }
  /** One entry of a list; `marker` is "•" or "3.". */
  | { readonly kind: "item"; readonly depth: number; readonly marker: string; readonly runs: readonly Run[] }
  | { readonly kind: "code"; readonly language: string; readonly text: string }
  | { readonly kind: "rule" };

/** A plain run. */
export function run(text: string, marks: readonly Mark[] = [], href = ""): Run {
  return { text, marks, href };
}

/** What stands between two blocks. */
export function joint(before: Block, after: Block): string {
  return before.kind === "item" && after.kind === "item" ? "\n" : "\n\n";
}

/** What stands before an entry of a list. */
export function itemLead(block: Extract<Block, { kind: "item" }>): string {
  return `${"  ".repeat(block.depth)}${block.marker} `;
}

export const RULE_TEXT = "———";
