/**
 * A parser for the shell's language (docs: policy, Shell; POSIX.1-2024, 2.3, 2.4, 2.7, 2.9, 2.10): lists, pipelines,
 * simple commands, redirections, here-documents, assignments, groups, functions. Pure. What it does not know, or what
 * shells read in different ways, is a problem and no tree.
 */
import { type Result, err, ok } from "#contracts/result.ts";
import { visible } from "#contracts/visible.ts";
import type {
  Assignment,
  Connector,
  Pipeline,
  Redirection,
  ScriptPart,
  ShellCommand,
  ShellProblem,
  ShellScript,
  ShellWord,
} from "./shell-ast.ts";
import { ShellCursor } from "./shell-cursor.ts";
import { type OpenRedirection, readRedirection, takeHereDocuments } from "./shell-redirection.ts";
import { endsWord, readWord } from "./shell-word.ts";

/** Longest script in UTF-16 units. */
const SCRIPT_MAX = 32_768;
const FOREIGN_SPACE = /[^\P{Zs} ]/u;
/** Words that begin, end or divide what this parser does not read, in POSIX or in a common shell. */
const KEYWORDS =
  /^(if|then|else|elif|fi|do|done|case|esac|while|until|for|in|select|function|time|coproc|\[\[|\]\])$/;
const ASSIGNS = /^([A-Za-z_][A-Za-z0-9_]*)=/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Parses a script. An empty one has no parts. */
export function parseShell(text: string, depth = 0): Result<ShellScript, ShellProblem> {
  if (text.length > SCRIPT_MAX) return err("too_long");
  if (visible(text) !== text || FOREIGN_SPACE.test(text)) return err("hidden_character");
  const cursor = new ShellCursor(text, depth);
  const script = new ShellParser(cursor).readScript("");
  return cursor.problem === undefined ? ok(script) : err(cursor.problem);
}

/** The text of a word that is unquoted throughout; `undefined` for others. */
export function bareText(word: ShellWord): string | undefined {
  let text = "";
  for (const part of word.parts) {
    if (part.kind !== "text" || part.quoting !== "none") return undefined;
    text += part.text;
  }
  return text;
}

class ShellParser {
  readonly #cursor: ShellCursor;
  readonly #nested = {
    upToParenthesis: (): ShellScript => {
      return this.#cursor.nested(() => new ShellParser(this.#cursor).readScript(")"), EMPTY);
    },
    ofText: (text: string): ShellScript => {
      const inner = parseShell(text, this.#cursor.depth + 1);
      if (inner.ok) return inner.value;
      this.#cursor.fail(inner.error);
      return EMPTY;
    },
  };
  /** Here-documents whose lines come after the end of this line; a group shares those of what it stands in. */
  readonly #open: OpenRedirection[];
  #commented = false;

  constructor(cursor: ShellCursor, open: OpenRedirection[] = []) {
    this.#cursor = cursor;
    this.#open = open;
  }

  /** Reads to the end of the text, or to `close` (`)` or `}`), which is taken. */
  readScript(close: "" | ")" | "}"): ShellScript {
    const parts: ScriptPart[] = [];
    for (;;) {
      this.#skipLines();
      if (this.#closes(close)) return { parts, commented: this.#commented };
      if (this.#cursor.atEnd) {
        this.#cursor.fail("unterminated");
        return EMPTY;
      }
      const pipeline = this.#readPipeline();
      const connector = this.#readConnector(close);
      if (connector === "&&" || connector === "||") this.#skipLines();
      if ((connector === "&&" || connector === "||") && this.#isAtClose(close)) this.#cursor.fail("syntax");
      parts.push({ pipeline, connector });
    }
  }

  #readConnector(close: "" | ")" | "}"): Connector {
    const cursor = this.#cursor;
    this.#skipBlanks();
    if (cursor.accept("&&")) return "&&";
    if (cursor.accept("||")) return "||";
    if (cursor.peek(2) === "&>" || cursor.peek(2) === ";;" || cursor.peek(2) === ";&") cursor.fail("differs");
    if (cursor.accept("&")) return "&";
    if (cursor.accept(";")) return ";";
    if (cursor.peek() === "\n") return ";";
    if (cursor.atEnd || (close === ")" && cursor.peek() === ")")) return "end";
    cursor.fail("syntax");
    return "end";
  }

  #isAtClose(close: string): boolean {
    return this.#cursor.atEnd || (close !== "" && this.#cursor.peek() === close);
  }

  /** Takes the end of a script when it stands here. `}` is a word of its own, `)` is not. */
  #closes(close: "" | ")" | "}"): boolean {
    const cursor = this.#cursor;
    const isBrace = (): boolean => cursor.peek() === "}" && endsWord(cursor.peek(2).charAt(1));
    const isHere = close === "" ? cursor.atEnd : close === ")" ? cursor.peek() === ")" : isBrace();
    if (!isHere) return false;
    // A script or substitution that ends before the lines of its here-documents came has no end of its own.
    if (close !== "}" && this.#open.length > 0 && cursor.depth === 0) cursor.fail("unterminated");
    if (close !== "") cursor.take();
    return true;
  }

  #readPipeline(): Pipeline {
    let negated = false;
    this.#skipBlanks();
    while (this.#cursor.peek() === "!" && endsWord(this.#cursor.peek(2).charAt(1)) && !negated) {
      this.#cursor.take();
      negated = true;
      this.#skipBlanks();
    }
    const first = this.#readCommand();
    const rest: ShellCommand[] = [];
    for (;;) {
      this.#skipBlanks();
      if (this.#cursor.peek(2) === "||" || this.#cursor.peek() !== "|") break;
      this.#cursor.take();
      if (this.#cursor.peek() === "&") this.#cursor.fail("differs");
      this.#skipLines();
      rest.push(this.#readCommand());
    }
    return { negated, commands: [first, ...rest] };
  }

  #readCommand(): ShellCommand {
    const cursor = this.#cursor;
    this.#skipBlanks();
    if (cursor.peek(2) === "((") cursor.fail("differs");
    if (cursor.accept("(")) return this.#readGroup("subshell", ")");
    if (cursor.peek() === "{" && endsWord(cursor.peek(2).charAt(1))) {
      cursor.take();
      return this.#readGroup("braces", "}");
    }
    return this.#readSimple();
  }

  #readGroup(kind: "subshell" | "braces", close: ")" | "}"): ShellCommand {
    const inner = new ShellParser(this.#cursor, this.#open);
    const body = this.#cursor.nested(() => inner.readScript(close), EMPTY);
    if (body.parts.length === 0) this.#cursor.fail("syntax");
    const redirections: Redirection[] = [];
    for (;;) {
      this.#skipBlanks();
      const redirection = this.#readRedirection("");
      if (redirection === undefined) break;
      redirections.push(redirection);
    }
    if (!endsWord(this.#cursor.peek())) this.#cursor.fail("syntax");
    return { kind, body, redirections };
  }

  #readSimple(): ShellCommand {
    const assignments: Assignment[] = [];
    const words: ShellWord[] = [];
    const redirections: Redirection[] = [];
    for (;;) {
      this.#skipBlanks();
      const direct = this.#readRedirection("");
      if (direct !== undefined) {
        redirections.push(direct);
        continue;
      }
      const word = readWord(this.#cursor, this.#nested);
      if (word.parts.length === 0) break;
      const bare = bareText(word);
      if (bare !== undefined && /^[0-9]+$/.test(bare)) {
        const numbered = this.#readRedirection(bare);
        if (numbered !== undefined) {
          redirections.push(numbered);
          continue;
        }
      }
      const assignment = words.length === 0 ? assignmentOf(word) : undefined;
      if (assignment !== undefined) assignments.push(assignment);
      else if (words.length === 0 && bare !== undefined && this.#isKeyword(bare)) break;
      else if (words.length === 0 && bare !== undefined && this.#opensFunction())
        return this.#readFunction(bare);
      else words.push(word);
    }
    if (assignments.length + words.length + redirections.length === 0) this.#cursor.fail("syntax");
    return { kind: "simple", assignments, words, redirections };
  }

  #isKeyword(bare: string): boolean {
    if (bare === "!" || bare === "}" || bare === "{") this.#cursor.fail("syntax");
    else if (KEYWORDS.test(bare)) this.#cursor.fail("compound");
    return this.#cursor.problem !== undefined;
  }

  #opensFunction(): boolean {
    this.#skipBlanks();
    return this.#cursor.accept("(");
  }

  #readFunction(name: string): ShellCommand {
    this.#skipBlanks();
    if (!NAME.test(name) || !this.#cursor.accept(")")) this.#cursor.fail("syntax");
    this.#skipLines();
    const body = this.#readCommand();
    if (body.kind === "simple" || body.kind === "function") this.#cursor.fail("syntax");
    return { kind: "function", name, body };
  }

  /** A redirection that begins here, after the digits `number`. */
  #readRedirection(number: string): Redirection | undefined {
    return readRedirection(this.#cursor, number, this.#open, () => {
      this.#skipBlanks();
      return readWord(this.#cursor, this.#nested);
    });
  }

  #skipBlanks(): void {
    const cursor = this.#cursor;
    while (cursor.peek() === " " || cursor.peek() === "\t") cursor.take();
    if (cursor.peek() !== "#") return;
    this.#commented = true;
    // Within a comment a backslash protects nothing, not even the end of the line.
    while (cursor.peekRaw() !== "\n" && cursor.peekRaw() !== "") cursor.takeRaw();
  }

  /** Skips blanks, comments and ends of lines; after each end of a line stand the here-documents of that line. */
  #skipLines(): void {
    this.#skipBlanks();
    while (this.#cursor.accept("\n")) {
      takeHereDocuments(this.#cursor, this.#open.splice(0));
      this.#skipBlanks();
    }
  }
}

const EMPTY: ShellScript = { parts: [], commented: false };

/** `NAME=…` at the beginning of a command, the name and the sign unquoted. */
function assignmentOf(word: ShellWord): Assignment | undefined {
  const [first, ...rest] = word.parts;
  if (first?.kind !== "text" || first.quoting !== "none") return undefined;
  const name = ASSIGNS.exec(first.text)?.[1];
  if (name === undefined) return undefined;
  const value = { ...first, text: first.text.slice(name.length + 1) };
  return { name, value: { parts: [value, ...rest] } };
}
