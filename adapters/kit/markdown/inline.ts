/**
 * The inside of a paragraph: emphasis, code, links. One pass with a stack of at most 16 open marks, so that
 * no input takes more than linear time. What is not understood stays as it was written.
 */
import { type Mark, type Run, run } from "./document.ts";
import { withoutPings } from "./pings.ts";

const OPEN_MAX = 16;
const LINK =
  /!?\[([^\][\n]{1,500})\]\(<?((?:https?:\/\/|mailto:)[^\s()<>]{1,1500})>?(?: "[^"\n]{0,200}")?\)/y;
const AUTOLINK = /<((?:https?:\/\/|mailto:)[^\s<>]{1,1500})>/y;
const DELIMITER = /\*\*|__|~~|\*|_/y;
const MARK_OF: { readonly [delimiter: string]: Mark } = {
  "**": "bold",
  __: "bold",
  "~~": "strike",
  "*": "italic",
  _: "italic",
};

interface Open {
  readonly delimiter: string;
  readonly nodes: Run[];
}

/** Parses inline Markdown into runs, with pings made inert outside code. */
export function parseInline(source: string): readonly Run[] {
  const frames: Open[] = [{ delimiter: "", nodes: [] }];
  const missing = new Set<number>(); // backtick runs of these lengths have no partner further on
  let text = "";
  const top = (): Run[] => frames.at(-1)?.nodes ?? [];
  const flush = (): void => {
    if (text !== "") top().push(run(withoutPings(text)));
    text = "";
  };
  let at = 0;
  while (at < source.length) {
    const character = source[at] ?? "";
    if (character === "\\" && /[!-/:-@[-`{-~]/.test(source[at + 1] ?? "")) {
      text += source[at + 1];
      at += 2;
      continue;
    }
    if (character === "`") {
      const fence = runLength(source, at);
      const end = missing.has(fence) ? -1 : closingFence(source, at + fence, fence);
      if (end < 0) {
        missing.add(fence);
        text += source.slice(at, at + fence);
        at += fence;
        continue;
      }
      flush();
      top().push(run(trimCode(source.slice(at + fence, end)), ["code"]));
      at = end + fence;
      continue;
    }
    const link = character === "[" || character === "!" || character === "<" ? linkAt(source, at) : undefined;
    if (link !== undefined) {
      flush();
      top().push(...link.runs);
      at = link.end;
      continue;
    }
    const delimiter = delimiterAt(source, at, frames.at(-1)?.delimiter ?? "");
    if (delimiter === "") {
      text += character;
      at += 1;
      continue;
    }
    at += delimiter.length;
    if (canClose(source, at - delimiter.length, delimiter) && isOpen(frames, delimiter)) {
      flush();
      close(frames, delimiter);
    } else if (canOpen(source, at, delimiter) && frames.length < OPEN_MAX) {
      flush();
      frames.push({ delimiter, nodes: [] });
    } else {
      text += delimiter;
    }
  }
  flush();
  while (frames.length > 1) leaveOpen(frames);
  return top();
}

function runLength(source: string, at: number): number {
  let end = at;
  while (source[end] === "`") end++;
  return end - at;
}

/** Start of the next run of exactly `length` backticks, or −1. */
function closingFence(source: string, from: number, length: number): number {
  for (let at = source.indexOf("`", from); at >= 0; at = source.indexOf("`", at)) {
    const found = runLength(source, at);
    if (found === length) return at;
    at += found;
  }
  return -1;
}

function trimCode(text: string): string {
  return text.length > 2 && text.startsWith(" ") && text.endsWith(" ") ? text.slice(1, -1) : text;
}

/** The delimiter at `at`; with an italic open, an odd run of signs closes the italic first. */
function delimiterAt(source: string, at: number, open: string): string {
  DELIMITER.lastIndex = at;
  const found = DELIMITER.exec(source)?.[0] ?? "";
  if (found.length !== 2 || found === "~~" || open !== found[0]) return found;
  return source[at + 2] === found[0] && source[at + 3] !== found[0] ? open : found;
}

function canOpen(source: string, after: number, delimiter: string): boolean {
  const next = source[after] ?? "";
  if (next === "" || /\s/.test(next)) return false;
  return !delimiter.startsWith("_") || !/[\p{L}\p{N}]/u.test(source[after - delimiter.length - 1] ?? "");
}

function canClose(source: string, at: number, delimiter: string): boolean {
  const before = source[at - 1] ?? "";
  if (before === "" || /\s/.test(before)) return false;
  return !delimiter.startsWith("_") || !/[\p{L}\p{N}]/u.test(source[at + delimiter.length] ?? "");
}

function isOpen(frames: readonly Open[], delimiter: string): boolean {
  return frames.some((frame) => frame.delimiter === delimiter);
}

/** Ends the innermost `delimiter`; marks opened inside it that never ended stay as written. */
function close(frames: Open[], delimiter: string): void {
  while (frames.length > 1 && frames.at(-1)?.delimiter !== delimiter) leaveOpen(frames);
  const frame = frames.pop();
  const mark = MARK_OF[delimiter];
  if (frame === undefined || mark === undefined) return;
  for (const node of frame.nodes) {
    frames.at(-1)?.nodes.push(node.marks.includes(mark) ? node : { ...node, marks: [mark, ...node.marks] });
  }
}

function leaveOpen(frames: Open[]): void {
  const frame = frames.pop();
  if (frame !== undefined) frames.at(-1)?.nodes.push(run(frame.delimiter), ...frame.nodes);
}

/**
 * A link at `at`. One whose label looks like another address shows its target as well: a label must not lie.
 */
function linkAt(source: string, at: number): { runs: readonly Run[]; end: number } | undefined {
  AUTOLINK.lastIndex = at;
  const auto = AUTOLINK.exec(source);
  if (auto !== null) return { runs: [run(auto[1] ?? "")], end: AUTOLINK.lastIndex };
  LINK.lastIndex = at;
  const found = LINK.exec(source);
  if (found === null) return undefined;
  const [, label = "", href = ""] = found;
  const plain = label.replace(/[*_`~]/g, "");
  const lies = plain !== href && /:\/\/|[^\s]\.[^\s]|@/.test(plain);
  const runs = lies ? [run(withoutPings(`${plain} (${href})`))] : [run(withoutPings(plain), [], href)];
  return { runs, end: LINK.lastIndex };
}
