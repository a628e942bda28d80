/** What a shell script says, as data (docs: policy, Shell; POSIX.1-2024, Shell Command Language, 2.2 to 2.10). */

/** Why a script is not understood; such a script is never graded as reading. */
export type ShellProblem =
  | "too_long"
  | "too_deep"
  | "hidden_character" // a character that a person cannot see, or a space that is none
  | "unterminated" // a quote, a substitution or a here-document without its end
  | "syntax"
  | "compound" // if, while, for, case, …
  | "differs"; // shells read it in different ways

/** How a piece of text stood in the script: only unquoted text is a pattern, a tilde or a keyword. */
export type Quoting = "none" | "single" | "double" | "escape";

export type Expansion = "parameter" | "command" | "arithmetic" | "ansi_quote";

export type WordPart =
  | { readonly kind: "text"; readonly text: string; readonly quoting: Quoting }
  /** `script` is what stands in `$(…)` or backquotes, and undefined for the other kinds. */
  | { readonly kind: "expansion"; readonly expansion: Expansion; readonly script: ShellScript | undefined };

export interface ShellWord {
  readonly parts: readonly WordPart[];
}

export interface Assignment {
  readonly name: string;
  readonly value: ShellWord;
}

export const REDIRECTIONS = ["<", ">", ">|", ">>", "<>", "<&", ">&", "<<", "<<-"] as const;
export type RedirectionOperator = (typeof REDIRECTIONS)[number];

export interface Redirection {
  readonly operator: RedirectionOperator;
  /** The number before the operator. */
  readonly descriptor: number | undefined;
  /** The file, the descriptor, or the delimiter of a here-document. */
  readonly target: ShellWord;
  /** The lines of a here-document as they stand; undefined for other operators. */
  readonly body: string | undefined;
}

export interface SimpleCommand {
  readonly kind: "simple";
  readonly assignments: readonly Assignment[];
  readonly words: readonly ShellWord[];
  readonly redirections: readonly Redirection[];
}

export interface GroupCommand {
  readonly kind: "subshell" | "braces";
  readonly body: ShellScript;
  readonly redirections: readonly Redirection[];
}

export interface FunctionDefinition {
  readonly kind: "function";
  readonly name: string;
  readonly body: ShellCommand;
}

export type ShellCommand = SimpleCommand | GroupCommand | FunctionDefinition;

export interface Pipeline {
  readonly negated: boolean;
  readonly commands: readonly [ShellCommand, ...ShellCommand[]];
}

/** What stands between a pipeline and the next: `end` after the last one. */
export type Connector = "&&" | "||" | ";" | "&" | "end";

export interface ScriptPart {
  readonly pipeline: Pipeline;
  readonly connector: Connector;
}

export interface ShellScript {
  readonly parts: readonly ScriptPart[];
  /** A comment was left out. */
  readonly commented: boolean;
}
