/** docs/audit-cli.md: the record's schema, kinds and reasons, the commands with their options, the exit codes. */
import { join } from "node:path";
import type { ArgDef } from "citty";
import { LEVEL_LIMITS } from "#audit/verify-log.ts";
import { REASONS, type Reason } from "#chain/verify/report.ts";
import { type Group, isGroup, type Leaf } from "#cli/command.ts";
import { root } from "#cli/root.ts";
import { EVENT_KINDS } from "#contracts/audit-event.ts";
import { FAULT_CODES, FAULT_EXIT } from "#contracts/fault.ts";
import { ROLE_ENDS, ROLE_END_NAMES } from "#contracts/role-end.ts";
import { fenced, GENERATED, table } from "./markdown.ts";

const REASON_TEXTS = {
  schema: "a column or a payload has a shape that the format does not know, or the text is not I-JSON",
  gap: "a row is missing, or stands twice: ids over the log, seqs in a session",
  payload_hash: "the payload is not the one that was hashed",
  content_mismatch: "the text is not the one that was hashed",
  row_hash: "another column of the row was changed",
  prev_hash: "the row does not join the row before it in its session",
  payload_missing: "a payload is gone and no valid row accounts for it",
  content_missing: "a text is gone and no valid row accounts for it",
  prune_invalid: "a row says that rows were pruned, and it does not fit or has no force",
  erase_invalid: "a row says that a text was erased, and it does not fit or has no force",
  head_signature: "a head is not signed by the key in force",
  head_range: "a head does not join the head before it, or not the rows it names",
  tree_size: "a checkpoint is not over all the rows before it",
  tree_root: "a checkpoint's root is not that of the rows",
  tree_signature: "a checkpoint is not signed by the log key, or names another log",
  key_break: "a key does not continue the one before it",
  unknown_key: "a signer without a key in force, or an anchor key that the log never had",
  unsigned_tail: "rows at the end are not signed, and are too many, too old or in the wrong place for that",
  rollback: "a checkpoint kept elsewhere, or this machine's signer, has seen more or other rows",
  identity: "a conversation or person was not announced, or the index says something else",
  clock: "time runs backwards",
  messages_hash: "what the model was sent is not what was hashed",
  tools_hash: "the tools that the model was told of are not what was hashed",
  replay_divergence: "a tool that always gives the same answer gives another one for the recorded input",
} as const satisfies Record<Reason, string>;

/** Nouns that belong to the record come first. */
const RECORD_NOUNS = ["audit", "session", "undo"];

/** The whole document. `sourceRoot`: the repository's folder. */
export async function auditCli(sourceRoot: string): Promise<string> {
  const schema = await Bun.file(join(sourceRoot, "src/audit/schema.sql")).text();
  const faults = await Bun.file(join(sourceRoot, "src/contracts/fault.ts")).text();
  const nouns = Object.entries(root.children);
  const ordered = [
    ...nouns.filter(([name]) => RECORD_NOUNS.includes(name)),
    ...nouns.filter(([name]) => !RECORD_NOUNS.includes(name)),
  ];
  const commands: string[] = [];
  for (const [name, load] of ordered) commands.push(...(await commandsOf(["wirken", name], await load())));
  return `${[
    "# The record and its commands",
    GENERATED,
    "What each byte means is in [formats/audit.md](formats/audit.md). Commands that take `--db FILE` read a file, with the " +
      "program running or not: the program's own log, or any other. The two `accept` commands are the operator's answer to " +
      "a start that was refused.",
    "## Exit codes",
    exitTable(faults),
    "`wirken run` ends with one of these where a person must do something first. It says what, once; `wirken status` says " +
      "it again. They stand above the codes of faults, so that a service manager can be told not to start it again:",
    table(
      ["exit", "reason", "when", "what to do"],
      ROLE_END_NAMES.map((name) => {
        const { exit, message, hint } = ROLE_ENDS[name];
        return [String(exit), `\`${name}\``, message, hint];
      }),
    ),
    "`wirken audit verify` and `wirken session verify` end with 0 when the record is intact, 1 when it is not, 2 when it " +
      "cannot be read. `wirken ask` ends with 77 when something was denied, with 1 when the turn failed. `wirken doctor` ends with 1 when something is bad.",
    "## What verification shows",
    table(
      ["level", "what it looks at, and what it does not show"],
      Object.entries(LEVEL_LIMITS).map(([level, limit]) => [`L${level}`, limit]),
    ),
    "`wirken audit verify` answers at L0, and at L2 with a checkpoint behind `--anchor`. The pages' Verify answers at L1. Rows " +
      "after the last checkpoint are shown by no level. There is no outside witness in this version.",
    "### Reasons",
    table(
      ["reason", "means"],
      REASONS.map((reason) => [`\`${reason}\``, REASON_TEXTS[reason]]),
    ),
    "## Kinds of rows",
    table(
      ["kind", "records"],
      Object.entries(EVENT_KINDS).map(([kind, records]) => [`\`${kind}\``, records]),
    ),
    "## Schema",
    fenced("sql", schema),
    "## Commands",
    ...commands,
  ].join("\n\n")}\n`;
}

/** Codes with the words that stand beside them in the source. */
function exitTable(source: string): string {
  const rows = FAULT_CODES.map((code) => {
    const meaning = new RegExp(`^ {2}"${code}", // (.+)$`, "m").exec(source)?.[1];
    if (meaning === undefined) throw new Error(`src/contracts/fault.ts says nothing beside ${code}`);
    return [String(FAULT_EXIT[code]), `\`${code}\``, meaning];
  });
  const sorted = rows.sort(([a], [b]) => Number(a) - Number(b));
  return table(["exit", "fault", "when"], [["0", "–", "it worked"], ...sorted]);
}

async function commandsOf(path: readonly string[], node: Leaf | Group): Promise<readonly string[]> {
  if (!isGroup(node)) return [leafText(path, node)];
  const below: string[] = [];
  for (const [name, load] of Object.entries(node.children)) {
    below.push(...(await commandsOf([...path, name], await load())));
  }
  return below;
}

function leafText(path: readonly string[], leaf: Leaf): string {
  const args = Object.entries(leaf.args);
  const operands = args.filter(([, def]) => def.type === "positional");
  const options = args.filter(([, def]) => def.type !== "positional");
  const words = operands.map(([name, def]) =>
    def.required === false ? `[${name.toUpperCase()}]` : name.toUpperCase(),
  );
  const usage = [...path, ...words].join(" ");
  const rows = [
    ...operands.map(([name, def]) => [name.toUpperCase(), def.description ?? ""]),
    ...options.map(([name, def]) => [optionName(name, def), optionText(def)]),
    ...(leaf.json === true ? [["`--json`", "print JSON"]] : []),
  ];
  const text = `### \`${usage}\`\n\n${sentence(leaf.description)}`;
  return rows.length === 0 ? text : `${text}\n\n${table(["", ""], rows)}`;
}

function optionName(name: string, def: ArgDef): string {
  const given = "alias" in def ? def.alias : undefined;
  const alias = typeof given === "string" ? `-${given}, ` : "";
  const hint = "valueHint" in def && def.valueHint !== undefined ? ` ${def.valueHint}` : "";
  return `\`${alias}--${name}${hint}\``;
}

function optionText(def: ArgDef): string {
  const standard = typeof def.default === "string" ? ` (${def.default} unless given)` : "";
  const must = def.required === true ? " (required)" : "";
  return `${def.description ?? ""}${standard}${must}`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
