/**
 * What is known of a reading command: every flag that only reads, and what its other words are (docs: policy, Shell).
 * Flags are an allow-list. A flag that is not named, an abbreviated one, a value that could be taken for something
 * else: the command is not proven to read.
 */

/** What a flag's value may be. A path lies in the workspace; a count is a number with an optional unit. */
export type FlagValue = "text" | "count" | "path";

/** What the words that are no flags may be. */
export interface OperandRule {
  /** The first one, where it differs: any text (a pattern), or one of this form. */
  readonly first?: "text" | RegExp;
  /** Flags that take the place of the first one. */
  readonly firstUnless?: readonly string[];
  readonly rest: "paths" | "text" | "none";
  /** Most words in all. */
  readonly max?: number;
}

interface RuleBase {
  /** The command, or the command and its own: "git log". */
  readonly verb: string;
  /**
   * Where it reads: what its operands name (`files`: each lies in the folder; `trees`: and all below, the current
   * folder without operands), the whole workspace, or nothing of it.
   */
  readonly reads: "files" | "trees" | "workspace" | "nothing";
  /** It could start programs that a file of the workspace names: never beside a shell, which it could use. */
  readonly alone?: boolean;
  /** The shell itself does it. */
  readonly builtin?: boolean;
  /** Flags that it is always run with: put in, and shown, where they are not there. */
  readonly always?: readonly string[];
  /** Command lines that are proven to read, and others that must never be. */
  readonly matches: readonly string[];
  readonly refuses: readonly string[];
}

export interface OptionRule extends RuleBase {
  readonly form: "options";
  /** Letters of flags without a value, which can stand together. */
  readonly short?: string;
  readonly shortValue?: Readonly<Record<string, FlagValue>>;
  /** Whole names, without the dashes. */
  readonly long?: readonly string[];
  /** With `=value` or a word after it. */
  readonly longValue?: Readonly<Record<string, FlagValue>>;
  /** Alone or with `=value`; the value is text. */
  readonly longOptional?: readonly string[];
  /** `-5` is a count. */
  readonly counts?: boolean;
  readonly operands: OperandRule;
}

/** All words are text: `echo`. */
export interface RawRule extends RuleBase {
  readonly form: "raw";
}

/** Paths, then an expression: `find`. */
export interface ExpressionRule extends RuleBase {
  readonly form: "expression";
  /** Options that may stand before the paths. */
  readonly before: readonly string[];
  /** Words of the expression with what follows each: nothing, or one value. */
  readonly words: Readonly<Record<string, FlagValue | "">>;
}

export type VerbRule = OptionRule | RawRule | ExpressionRule;

/** Splits a list that is written as one text. */
export function listed(text: string): readonly string[] {
  return text.split(" ");
}

const COUNT = /^[+-]?[0-9]{1,12}[A-Za-z]{0,3}$/;

/**
 * True for a path that lies beneath the folder it is used in, as far as its words tell: relative, and never upwards.
 * Links are not looked at here; the command's box is what holds them.
 */
export function staysInside(path: string): boolean {
  return path !== "" && !path.startsWith("/") && !path.split("/").includes("..");
}

/** True where `text` may be the value of a flag. */
export function isValue(kind: FlagValue, text: string): boolean {
  if (kind === "count") return COUNT.test(text);
  return kind === "text" || staysInside(text);
}
