/**
 * Reads one word of a script: quotes, escapes, expansions (POSIX.1-2024, Shell Command Language, 2.2 and 2.6). It finds
 * where an expansion ends; what one would stand for is known to a shell alone.
 */
import type { Expansion, ShellScript, ShellWord, WordPart } from "./shell-ast.ts";
import type { ShellCursor } from "./shell-cursor.ts";

/** Reads the scripts in a word: the part up to `)`, or a text of its own. */
export interface NestedScripts {
  upToParenthesis(): ShellScript;
  ofText(text: string): ShellScript;
}

/** What ends a word outside quotes. */
const ENDS_WORD = new Set(["", " ", "\t", "\n", "|", "&", ";", "<", ">", "(", ")"]);
/** What ends a stretch of unquoted text within a word. */
const BEGINS_OTHER = new Set(["'", '"', "\\", "$", "`"]);
const NAME_BEGINS = /^[A-Za-z_]$/;
const NAME_GOES_ON = /^[A-Za-z0-9_]$/;
const SPECIAL_PARAMETER = /^[0-9@*#?$!-]$/;
const ESCAPED_IN_DOUBLE = new Set(["$", "`", '"', "\\"]);

/** True when the next character ends a word. */
export function endsWord(character: string): boolean {
  return ENDS_WORD.has(character);
}

/** Reads a word; without parts when none begins here. */
export function readWord(cursor: ShellCursor, nested: NestedScripts): ShellWord {
  const parts: WordPart[] = [];
  for (;;) {
    const next = cursor.peek();
    if (endsWord(next)) return { parts };
    if (next === "'") parts.push(readSingle(cursor));
    else if (next === '"') parts.push(...readDouble(cursor, nested));
    else if (next === "\\") parts.push(readEscape(cursor));
    else if (next === "$" || next === "`") parts.push(readExpansion(cursor, nested, false));
    else parts.push(readBare(cursor));
  }
}

function readBare(cursor: ShellCursor): WordPart {
  let text = "";
  for (;;) {
    const next = cursor.peek();
    if (endsWord(next) || BEGINS_OTHER.has(next)) return { kind: "text", text, quoting: "none" };
    text += cursor.take();
  }
}

function readSingle(cursor: ShellCursor): WordPart {
  cursor.take();
  return { kind: "text", text: cursor.takeRawUntil("'"), quoting: "single" };
}

/** A backslash and what it protects. Backslash-newline never comes here: the cursor takes it out. */
function readEscape(cursor: ShellCursor): WordPart {
  cursor.take();
  const text = cursor.takeRaw();
  if (text === "") cursor.fail("unterminated");
  return { kind: "text", text, quoting: "escape" };
}

function readDouble(cursor: ShellCursor, nested: NestedScripts): readonly WordPart[] {
  cursor.take();
  const parts: WordPart[] = [];
  let text = "";
  const close = (): void => {
    if (text !== "") parts.push({ kind: "text", text, quoting: "double" });
    text = "";
  };
  for (;;) {
    const next = cursor.peek();
    if (next === "") {
      cursor.fail("unterminated");
      return parts;
    }
    if (next === '"') {
      cursor.take();
      close();
      return parts.length > 0 ? parts : [{ kind: "text", text: "", quoting: "double" }];
    }
    if (next === "$" || next === "`") {
      close();
      parts.push(readExpansion(cursor, nested, true));
    } else if (next === "\\") {
      cursor.take();
      const after = cursor.peekRaw();
      // Elsewhere the backslash stands for itself, and what follows for what it is.
      text += ESCAPED_IN_DOUBLE.has(after) ? cursor.takeRaw() : "\\";
    } else text += cursor.take();
  }
}

function readExpansion(cursor: ShellCursor, nested: NestedScripts, inDouble: boolean): WordPart {
  if (cursor.take() === "`") return expansion("command", nested.ofText(readBackquoted(cursor, inDouble)));
  const next = cursor.peek();
  if (cursor.accept("((")) {
    skipArithmetic(cursor);
    return expansion("arithmetic");
  }
  if (cursor.accept("(")) return expansion("command", nested.upToParenthesis());
  if (cursor.accept("{")) {
    skipBraces(cursor, nested);
    return expansion("parameter");
  }
  if (NAME_BEGINS.test(next)) {
    while (NAME_GOES_ON.test(cursor.peek())) cursor.take();
    return expansion("parameter");
  }
  if (SPECIAL_PARAMETER.test(next)) {
    cursor.take();
    return expansion("parameter");
  }
  // `$'…'` and `$"…"`: some shells read quotes of another kind, others a dollar before plain ones.
  if (!inDouble && (next === "'" || next === '"')) return expansion("ansi_quote");
  return { kind: "text", text: "$", quoting: inDouble ? "double" : "none" };
}

/** The script in backquotes: a backslash protects only dollar, backquote and itself, and the quote within quotes. */
function readBackquoted(cursor: ShellCursor, inDouble: boolean): string {
  let text = "";
  for (;;) {
    const character = cursor.take();
    if (character === "") {
      cursor.fail("unterminated");
      return "";
    }
    if (character === "`") return text;
    const after = cursor.peekRaw();
    const isProtected =
      character === "\\" && (after === "$" || after === "`" || after === "\\" || (inDouble && after === '"'));
    text += isProtected ? cursor.takeRaw() : character;
  }
}

/** `$((…))`: up to the two parentheses that close it. Where one closes alone, shells try a command instead. */
function skipArithmetic(cursor: ShellCursor): void {
  let open = 0;
  for (;;) {
    const character = cursor.take();
    if (character === "") return cursor.fail("unterminated");
    if (character === "(") open += 1;
    else if (character === ")") {
      if (open > 0) open -= 1;
      else if (cursor.accept(")")) return;
      else return cursor.fail("differs");
    }
  }
}

/** `${…}`: quotes and expansions within are words of their own. */
function skipBraces(cursor: ShellCursor, nested: NestedScripts): void {
  for (;;) {
    const next = cursor.peek();
    if (next === "") return cursor.fail("unterminated");
    if (next === "}") {
      cursor.take();
      return;
    }
    if (next === "'") readSingle(cursor);
    else if (next === '"') readDouble(cursor, nested);
    else if (next === "\\") readEscape(cursor);
    else if (next === "$" || next === "`")
      cursor.nested(() => readExpansion(cursor, nested, false), undefined);
    else cursor.take();
  }
}

function expansion(kind: Expansion, script?: ShellScript): WordPart {
  return { kind: "expansion", expansion: kind, script };
}
