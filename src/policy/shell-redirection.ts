/**
 * Redirections and here-documents of a script (POSIX.1-2024, Shell Command Language, 2.7). The lines of a here-document
 * stand after the line on which it was opened, so an open one waits until the parser comes there.
 */
import type { Redirection, RedirectionOperator, ShellWord } from "./shell-ast.ts";
import type { ShellCursor } from "./shell-cursor.ts";

/** A here-document whose lines were not read yet. */
export interface OpenRedirection {
  readonly delimiter: string;
  /** `<<-`: tabs at the beginning of lines do not count. */
  readonly stripsTabs: boolean;
  take(body: string): void;
}

/** Longest first: each is tried before those that it begins with. */
const OPERATORS = [
  "<<-",
  "<<",
  "<>",
  "<&",
  "<",
  ">>",
  ">&",
  ">|",
  ">",
] as const satisfies readonly RedirectionOperator[];
const DESCRIPTOR_MAX = 9;

/**
 * Reads a redirection that begins here, or gives `undefined`.
 * @param number the digits that stand directly before it, or ""
 * @param open takes a here-document that was opened
 */
export function readRedirection(
  cursor: ShellCursor,
  number: string,
  open: OpenRedirection[],
  readTarget: () => ShellWord,
): Redirection | undefined {
  const begins = cursor.peek();
  if (begins !== "<" && begins !== ">") return undefined;
  // A here-string and a process substitution of other shells; in POSIX an error or something else.
  if (cursor.peek(3) === "<<<" || cursor.peek(2) === "<(" || cursor.peek(2) === ">(") cursor.fail("differs");
  const operator = OPERATORS.find((each) => cursor.accept(each));
  if (operator === undefined) return undefined;
  const descriptor = number === "" ? undefined : Number(number);
  if (descriptor !== undefined && descriptor > DESCRIPTOR_MAX) cursor.fail("differs");
  const target = readTarget();
  if (target.parts.length === 0) cursor.fail("syntax");
  if (operator !== "<<" && operator !== "<<-") return { operator, descriptor, target, body: undefined };
  const delimiter = delimiterOf(cursor, target);
  let body = "";
  open.push({
    delimiter,
    stripsTabs: operator === "<<-",
    take: (lines) => {
      body = lines;
    },
  });
  return {
    operator,
    descriptor,
    target,
    get body() {
      return body;
    },
  };
}

/** Reads the lines of every open here-document, in the order in which they were opened. */
export function takeHereDocuments(cursor: ShellCursor, open: readonly OpenRedirection[]): void {
  for (const each of open) {
    let body = "";
    for (;;) {
      const line = takeLine(cursor);
      if (line === undefined) return cursor.fail("unterminated");
      const text = each.stripsTabs ? line.text.replace(/^\t+/, "") : line.text;
      if (text === each.delimiter) break;
      if (!line.ended) return cursor.fail("unterminated");
      body += `${text}\n`;
    }
    each.take(body);
  }
}

function takeLine(cursor: ShellCursor): { readonly text: string; readonly ended: boolean } | undefined {
  if (cursor.peekRaw() === "") return undefined;
  let text = "";
  for (;;) {
    const character = cursor.takeRaw();
    if (character === "" || character === "\n") return { text, ended: character === "\n" };
    text += character;
  }
}

/** Its quotes are taken off; what would be an expansion elsewhere is read in different ways here. */
function delimiterOf(cursor: ShellCursor, word: ShellWord): string {
  let text = "";
  for (const part of word.parts) {
    if (part.kind === "text") text += part.text;
    else cursor.fail("differs");
  }
  if (text.includes("\n")) cursor.fail("differs");
  return text;
}
