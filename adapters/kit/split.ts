/**
 * Cuts a message into platform messages: between blocks first, then between lines, sentences and words, and
 * inside a word only between what people see as one character. A cut code block is closed and opened again.
 * Sizes are UTF-16 units of the plain text, which is at least what every dialect shows.
 */
import { type Block, type Run, itemLead } from "./markdown/document.ts";
import { blockPlain, runPlain } from "./markdown/plain.ts";

/** Room for what stands between two blocks. */
const JOINT_UNITS = 2;
/** A border is good when the piece before it is not much shorter than it could be. */
const FULL_ENOUGH = 0.5;

/**
 * Splits blocks so that each group's plain text has at most `max` UTF-16 units.
 * @param max at least 64
 */
export function splitBlocks(blocks: readonly Block[], max: number): readonly (readonly Block[])[] {
  const groups: Block[][] = [];
  let group: Block[] = [];
  let size = 0;
  const flush = (): void => {
    if (group.length > 0) groups.push(group);
    group = [];
    size = 0;
  };
  for (const block of blocks.flatMap((whole) => fitting(whole, max))) {
    const own = blockPlain(block).length;
    const added = own + (group.length === 0 ? 0 : JOINT_UNITS);
    if (size + added > max) flush();
    size += group.length === 0 ? own : added;
    group.push(block);
  }
  flush();
  return groups;
}

/** A block as blocks that each fit alone. */
function fitting(block: Block, max: number): readonly Block[] {
  if (block.kind === "rule" || blockPlain(block).length <= max) return [block];
  if (block.kind === "code") return splitText(block.text, max).map((text) => ({ ...block, text }));
  if (block.kind === "quote") {
    // Plain quotes put two units before each line: half the room is always enough.
    return splitRuns(block.runs, Math.floor(max / 3)).map((runs) => ({ ...block, runs }));
  }
  const lead = block.kind === "item" ? itemLead(block).length : 0;
  return splitRuns(block.runs, max - lead).map((runs, index) =>
    index > 0 && block.kind === "item" ? { kind: "paragraph", runs } : { ...block, runs },
  );
}

/** Splits runs into groups of at most `max` plain units. */
function splitRuns(runs: readonly Run[], max: number): readonly (readonly Run[])[] {
  const groups: Run[][] = [];
  let group: Run[] = [];
  let size = 0;
  const queue = runs.map((run) =>
    runPlain(run).length > max ? { ...run, text: runPlain(run), href: "" } : run,
  );
  for (const whole of queue) {
    let run = whole;
    while (size + runPlain(run).length > max) {
      const extra = runPlain(run).length - run.text.length;
      const cut = run.href === "" ? cutAt(run.text, max - size - extra, group.length > 0) : 0;
      if (cut > 0) group.push({ ...run, text: run.text.slice(0, cut).trimEnd() });
      run = { ...run, text: run.text.slice(cut).replace(cut > 0 ? /^\s+/ : /^/, "") };
      groups.push(group);
      group = [];
      size = 0;
    }
    if (run.text === "") continue;
    group.push(run);
    size += runPlain(run).length;
  }
  groups.push(group);
  return groups.filter((some) => some.some((run) => run.text !== ""));
}

/** Splits preformatted text on line ends; a line that is too long is cut between characters. */
function splitText(text: string, max: number): readonly string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > max) {
    const lineEnd = rest.lastIndexOf("\n", max);
    if (lineEnd > 0) {
      parts.push(rest.slice(0, lineEnd));
      rest = rest.slice(lineEnd + 1);
    } else {
      const cut = graphemeBorder(rest, max);
      parts.push(rest.slice(0, cut));
      rest = rest.slice(cut);
    }
  }
  if (rest !== "") parts.push(rest);
  return parts;
}

/**
 * Where to cut `text` so that at most `max` units stand before. 0 means: better not here at all, which is
 * only an answer when `mayMove`, because then the whole rest fits into a fresh message.
 */
function cutAt(text: string, max: number, mayMove: boolean): number {
  if (max <= 0) return 0;
  const window = text.slice(0, max + 1);
  const least = mayMove ? 1 : Math.floor(max * FULL_ENOUGH);
  for (const border of ["\n\n", "\n", ". ", "! ", "? ", "; ", " "]) {
    const found = window.lastIndexOf(border);
    const cut = found + (border.trim() === "" ? 0 : 1);
    if (found > 0 && cut >= least && cut <= max) return cut;
  }
  const space = window.lastIndexOf(" ");
  if (space > 0) return space;
  return mayMove ? 0 : graphemeBorder(text, max);
}

/**
 * The last border between visible characters at or before `max`; between code points when one character is
 * longer.
 */
function graphemeBorder(text: string, max: number): number {
  const window = text.slice(0, max + 2);
  const segment = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(window).containing(max);
  if (segment !== undefined && segment.index > 0) return segment.index;
  const unit = text.charCodeAt(max);
  return unit >= 0xdc00 && unit <= 0xdfff && max > 1 ? max - 1 : max;
}
