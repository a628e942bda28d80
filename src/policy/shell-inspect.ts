/**
 * Grades a script: every command in it proven to read, inside the workspace, or not (docs: policy, Shell). What runs
 * is not the text that came but the one that is made here from what was understood, every word quoted: a shell that
 * would read the given text in another way is never given it.
 */
import { type Result, err, ok } from "#contracts/result.ts";
import type { Connector, Redirection, ShellProblem, ShellScript, SimpleCommand } from "./shell-ast.ts";
import { parseShell } from "./shell-parser.ts";
import { literalText, plainWords, quotedWord, quotedWords } from "./shell-words.ts";
import { staysInside } from "./verb-rule.ts";
import { type ReadingUse, readingUse } from "./verbs.ts";

/** Why a script is not graded as reading. */
export type InspectProblem =
  | ShellProblem
  | "comment" // the text is not what runs
  | "background"
  | "group" // a subshell, braces, a function, a negation
  | "expansion" // a word that only a shell can expand, or an assignment
  | "redirection"
  | "command" // a command, flag or path that is not proven to read
  | "beside_shell"; // a command that could start programs which its folder names

export interface InspectedWords {
  /** "ls", "git log". */
  readonly verb: string;
  readonly argv: readonly [string, ...string[]];
  /** The shell does it itself. */
  readonly builtin: boolean;
}

export interface Inspection {
  readonly commands: readonly [InspectedWords, ...InspectedWords[]];
  /** What a shell is given; empty where one command runs without one. */
  readonly script: string;
  /** The folder of the workspace that holds all that is read; "" is the workspace itself. */
  readonly within: string;
}

interface Piece {
  readonly words: InspectedWords;
  readonly text: string;
  readonly use: ReadingUse;
  /** Paths of its redirections. */
  readonly inputs: readonly string[];
  readonly redirected: boolean;
}

/**
 * The reading that `text` stands for.
 * @param cwd the folder it runs in, relative to the workspace
 */
export function inspectionOf(text: string, cwd: string): Result<Inspection, InspectProblem> {
  if (!staysInside(cwd)) return err("command");
  const parsed = parseShell(text);
  return parsed.ok ? inspectScript(parsed.value, cwd) : parsed;
}

function inspectScript(script: ShellScript, cwd: string): Result<Inspection, InspectProblem> {
  if (script.commented) return err("comment");
  const pieces: Piece[] = [];
  let text = "";
  for (const { pipeline, connector } of script.parts) {
    if (pipeline.negated) return err("group");
    if (connector === "&") return err("background");
    const texts: string[] = [];
    for (const command of pipeline.commands) {
      if (command.kind !== "simple") return err("group");
      const piece = inspectCommand(command);
      if (!piece.ok) return piece;
      pieces.push(piece.value);
      texts.push(piece.value.text);
    }
    text += `${texts.join(" | ")}${JOINED[connector]}`;
  }
  const [first, ...others] = pieces;
  if (first === undefined) return err("syntax");
  const needsShell = others.length > 0 || first.redirected;
  if (needsShell && pieces.some(({ use }) => use.rule.alone === true)) return err("beside_shell");
  if (!needsShell && first.words.builtin) return err("command");
  return ok({
    commands: [first.words, ...others.map(({ words }) => words)],
    script: needsShell ? text.trim().replace(/;$/, "") : "",
    within: commonFolder(pieces, cwd),
  });
}

const JOINED = { "&&": " && ", "||": " || ", ";": "; ", "&": " & ", end: "" } as const satisfies Record<
  Connector,
  string
>;

function inspectCommand(command: SimpleCommand): Result<Piece, InspectProblem> {
  const given = plainWords(command);
  if (given === undefined) return err("expansion");
  const use = readingUse(given);
  if (use === undefined) return err("command");
  if (use.rule.builtin === true && use.paths.length === 0) return err("command");
  const { argv } = use;
  const texts: string[] = [quotedWords(argv)];
  const inputs: string[] = [];
  for (const redirection of command.redirections) {
    const harmless = harmlessRedirection(redirection);
    if (harmless === undefined) return err("redirection");
    texts.push(harmless.text);
    inputs.push(...harmless.inputs);
  }
  const words = { verb: use.rule.verb, argv, builtin: use.rule.builtin === true };
  return ok({ words, use, inputs, text: texts.join(" "), redirected: command.redirections.length > 0 });
}

/** A redirection that writes nothing: output thrown away or joined to the other one, input from the workspace. */
function harmlessRedirection(
  redirection: Redirection,
): { readonly text: string; readonly inputs: readonly string[] } | undefined {
  const { operator, descriptor } = redirection;
  const target = literalText(redirection.target);
  if (target === undefined) return undefined;
  const text = `${descriptor ?? ""}${operator}${quotedWord(target)}`;
  const isOutput = descriptor === undefined || descriptor === 1 || descriptor === 2;
  if ((operator === ">" || operator === ">>") && isOutput && target === "/dev/null")
    return { text, inputs: [] };
  if (operator === ">&" && isOutput && (target === "1" || target === "2")) return { text, inputs: [] };
  const isInput = operator === "<" && (descriptor === undefined || descriptor === 0);
  return isInput && staysInside(target) ? { text, inputs: [target] } : undefined;
}

/** The deepest folder that holds everything the commands read, relative to the workspace. */
function commonFolder(pieces: readonly Piece[], cwd: string): string {
  const base = segmentsOf(cwd);
  // After `cd` paths are counted from another folder; all of them still lie below the first one.
  if (pieces.some(({ words }) => words.builtin)) return base.join("/");
  const folders = pieces.flatMap((piece) => foldersOf(piece, base));
  const [first = base, ...rest] = folders;
  let length = first.length;
  for (const folder of rest) {
    let same = 0;
    while (same < length && same < folder.length && folder[same] === first[same]) same += 1;
    length = same;
  }
  return first.slice(0, length).join("/");
}

function foldersOf(piece: Piece, base: readonly string[]): readonly (readonly string[])[] {
  const below = (path: string): readonly string[] => [...base, ...segmentsOf(path)];
  const holding = (path: string): readonly string[] => [...base, ...segmentsOf(path).slice(0, -1)];
  const inputs = piece.inputs.map(holding);
  switch (piece.use.rule.reads) {
    case "nothing":
      return inputs;
    case "workspace":
      return [[], ...inputs];
    case "files":
      return [...piece.use.paths.map(holding), ...inputs];
    case "trees":
      return [...(piece.use.paths.length === 0 ? [base] : piece.use.paths.map(below)), ...inputs];
  }
}

function segmentsOf(path: string): readonly string[] {
  return path.split("/").filter((segment) => segment !== "" && segment !== ".");
}
