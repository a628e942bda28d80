/**
 * A place in a script, and the first thing that was wrong with it. After a problem the cursor stands at the end, so
 * that every reader comes to its own end at once; nobody has to ask after each step.
 */
import type { ShellProblem } from "./shell-ast.ts";

const DEPTH_MAX = 16;

export class ShellCursor {
  readonly #text: string;
  #at = 0;
  #depth: number;
  #problem: ShellProblem | undefined;

  /** @param depth how many scripts this one stands in. */
  constructor(text: string, depth = 0) {
    this.#text = text;
    this.#depth = depth;
    if (depth > DEPTH_MAX) this.fail("too_deep");
  }

  get problem(): ShellProblem | undefined {
    return this.#problem;
  }

  get depth(): number {
    return this.#depth;
  }

  /** The first problem counts. */
  fail(problem: ShellProblem): void {
    this.#problem ??= problem;
    this.#at = this.#text.length;
  }

  /** Runs `inner` one level deeper; beyond the bound it is not run. */
  nested<T>(inner: () => T, otherwise: T): T {
    if (this.#depth >= DEPTH_MAX) {
      this.fail("too_deep");
      return otherwise;
    }
    this.#depth += 1;
    const value = inner();
    this.#depth -= 1;
    return value;
  }

  /** The next characters once backslash-newline is taken out, as everywhere outside single quotes. "" at the end. */
  peek(count = 1): string {
    let found = "";
    let at = this.#at;
    while (found.length < count) {
      at = this.#pastContinuations(at);
      const character = this.#text.charAt(at);
      if (character === "") break;
      found += character;
      at += 1;
    }
    return found;
  }

  /** Takes one character as `peek` shows it. */
  take(): string {
    this.#at = this.#pastContinuations(this.#at);
    return this.takeRaw();
  }

  /** Takes `text` if it comes next. */
  accept(text: string): boolean {
    if (this.peek(text.length) !== text) return false;
    for (let taken = 0; taken < text.length; taken += 1) this.take();
    return true;
  }

  /** The next character as it stands. */
  peekRaw(): string {
    return this.#text.charAt(this.#at);
  }

  takeRaw(): string {
    const character = this.#text.charAt(this.#at);
    this.#at += character.length;
    return character;
  }

  /** Everything up to the next `end`, which is taken as well; a problem when there is none. */
  takeRawUntil(end: string): string {
    const found = this.#text.indexOf(end, this.#at);
    if (found < 0) {
      this.fail("unterminated");
      return "";
    }
    const taken = this.#text.slice(this.#at, found);
    this.#at = found + end.length;
    return taken;
  }

  get atEnd(): boolean {
    return this.peek() === "";
  }

  #pastContinuations(from: number): number {
    let at = from;
    while (this.#text.startsWith("\\\n", at)) at += 2;
    return at;
  }
}
