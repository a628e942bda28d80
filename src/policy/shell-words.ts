/**
 * What a word of a script stands for when no shell has to expand it, and the one way back: a word quoted so that every
 * shell reads exactly that (docs: policy, Shell).
 */
import { visibleLine } from "#contracts/visible.ts";
import type { ShellScript, ShellWord, SimpleCommand } from "./shell-ast.ts";

/** Unquoted, these make a word a pattern, a brace expansion or a home folder in some shell. */
const EXPANDS = /[*?[\]{}]|(^|[=:])~/;
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * The text of a word, or `undefined` where a shell would make something else of it: an expansion, a pattern, a brace,
 * a tilde, or a character that a person would not see.
 */
export function literalText(word: ShellWord): string | undefined {
  let text = "";
  for (const part of word.parts) {
    if (part.kind !== "text") return undefined;
    if (part.quoting === "none" && EXPANDS.test(part.text)) return undefined;
    text += part.text;
  }
  return visibleLine(text) === text ? text : undefined;
}

/** The words of a command without assignments and redirections, when all of them are literal. */
export function plainWords(command: SimpleCommand): readonly [string, ...string[]] | undefined {
  if (command.assignments.length > 0) return undefined;
  const texts = command.words.map(literalText);
  const words = texts.filter((text) => text !== undefined);
  const [program, ...rest] = words;
  return words.length < texts.length || program === undefined || program === ""
    ? undefined
    : [program, ...rest];
}

/** The words of a script that is one plain command: it needs no shell. */
export function plainArgv(script: ShellScript): readonly [string, ...string[]] | undefined {
  const [part, ...others] = script.parts;
  if (part === undefined || others.length > 0 || script.commented || part.connector === "&") return undefined;
  const [command, ...piped] = part.pipeline.commands;
  if (part.pipeline.negated || piped.length > 0 || command.kind !== "simple") return undefined;
  return command.redirections.length > 0 ? undefined : plainWords(command);
}

/** `word` as every shell reads it back: plain characters as they stand, all else in single quotes. */
export function quotedWord(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** An argv as a command line. */
export function quotedWords(argv: readonly string[]): string {
  return argv.map(quotedWord).join(" ");
}
