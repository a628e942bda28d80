/** What must hold of a log, of the world and of the processes once the program has recovered; each breach a sentence. */
import { factsOf } from "#host/process-tree.ts";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FullLab } from "../support/full-lab.ts";
import { EFFECTS } from "../support/model-fake.ts";
import { type LogRow, LogWatch } from "./log-watch.ts";

const EXPECTED = ["run", "gateway", "signer", "console", "box", "adapter webchat", "adapter telegram"];
const ANSWER = "That is done.";

/** True when nothing is under way: every turn ended, every message was heard, every answer has its fate. */
export function isQuiet(lab: FullLab): boolean {
  const rows = rowsOf(lab);
  const ids = (kind: string, name: string): string[] => fieldsOf(rows, kind, name);
  const ended = new Set(ids("turn_ended", "turn"));
  const heard = new Set(ids("user_message", "inbound"));
  return (
    lab.api.unconfirmed === 0 &&
    ids("turn_started", "turn").every((turn) => ended.has(turn)) &&
    messages(rows).every((row) => heard.has(String(row.seq))) &&
    ids("outbound", "outbound").every((id) => finalStates(rows, id).length > 0)
  );
}

/** Examines a quiet lab in which `said` words were said, each as "do WORD". */
export async function examine(lab: FullLab, said: readonly string[]): Promise<readonly string[]> {
  const rows = rowsOf(lab);
  const verified = await lab.wirken(["audit", "verify", "--json"]);
  return [
    ...(verified.code === 0 ? [] : [`the log does not verify: ${verified.stdout}${verified.stderr}`]),
    ...callProblems(rows),
    ...said.flatMap((word) => effectProblems(rows, word, effectsOf(lab))),
    ...messageProblems(rows, said),
    ...deliveryProblems(lab, rows),
    ...processProblems(lab),
    ...lab.api.violations.map((violation) => `Telegram would refuse: ${violation}`),
  ];
}

function callProblems(rows: readonly LogRow[]): readonly string[] {
  const calls = fieldsOf(rows, "tool_call", "call");
  return calls.flatMap((call) => {
    const results = fieldsOf(rows, "tool_result", "call").filter((one) => one === call).length;
    const intents = fieldsOf(rows, "intent", "call").filter((one) => one === call).length;
    return [
      ...(results === 1 ? [] : [`call ${call} has ${results} result rows`]),
      ...(intents <= 1 ? [] : [`call ${call} has ${intents} intent rows`]),
    ];
  });
}

/** A word stands in the file at most once, and only after the intent row of a call that writes it. */
function effectProblems(
  rows: readonly LogRow[],
  word: string,
  effects: readonly string[],
): readonly string[] {
  const times = effects.filter((line) => line === word).length;
  const calls = rows.filter((row) => row.kind === "tool_call" && row.content.includes(`echo ${word} `));
  const ids = calls.map((row) => row.field("call"));
  const intents = fieldsOf(rows, "intent", "call").filter((call) => ids.includes(call)).length;
  const done = rows.filter(
    (row) => row.kind === "tool_result" && ids.includes(row.field("call")) && row.field("outcome") === "done",
  ).length;
  return [
    ...(times <= 1 ? [] : [`the effect of ${word} happened ${times} times`]),
    ...(times <= intents ? [] : [`the effect of ${word} has no intent row`]),
    ...(done <= times ? [] : [`${word} is recorded as done and did not happen`]),
  ];
}

/** Each message stands in the log once and began one turn. */
function messageProblems(rows: readonly LogRow[], said: readonly string[]): readonly string[] {
  const heard = fieldsOf(rows, "user_message", "inbound");
  const all = messages(rows);
  return [
    ...(all.length === said.length ? [] : [`${said.length} messages were sent, ${all.length} are recorded`]),
    ...all.flatMap((row) => {
      const turns = heard.filter((seq) => seq === String(row.seq)).length;
      return turns === 1 ? [] : [`the message of row ${row.id} began ${turns} turns`];
    }),
  ];
}

/** Each answer has one end; what was delivered arrived once, and nothing arrived that no row knows. */
function deliveryProblems(lab: FullLab, rows: readonly LogRow[]): readonly string[] {
  const answers = rows.filter((row) => row.kind === "outbound" && row.content.includes(ANSWER));
  const states = answers.map((row) => finalStates(rows, row.field("outbound")));
  const count = (state: string): number => states.flat().filter((one) => one === state).length;
  const arrived = lab.api.sent.filter(({ text }) => text === ANSWER).length;
  const [delivered, unknown] = [count("delivered"), count("unknown")];
  return [
    ...states.flatMap((ends, at) =>
      ends.length === 1 ? [] : [`answer of row ${answers[at]?.id ?? 0} ended ${ends.length} times`],
    ),
    ...(delivered <= arrived && arrived <= delivered + unknown
      ? []
      : [`${arrived} answers arrived; ${delivered} are recorded as delivered, ${unknown} as unknown`]),
  ];
}

/** The program's processes are its roles, each once, all below the keeper. */
function processProblems(lab: FullLab): readonly string[] {
  const living = lab.processes();
  const found = living.map(({ words }) => roleIn(words)).sort();
  const strays = living.filter(({ pid, parent }) => pid !== lab.keeperPid && !isKeepers(lab, parent));
  return [
    ...(found.join() === [...EXPECTED].sort().join() ? [] : [`processes: ${found.join(", ")}`]),
    ...strays.map(({ words }) => `not below the keeper: ${words.join(" ")}`),
  ];
}

/** The keeper's child, or a child's child: a guard starts its run, and the program that made a namespace its first. */
function isKeepers(lab: FullLab, parent: number): boolean {
  return parent === lab.keeperPid || factsOf(parent)?.parent === lab.keeperPid;
}

function roleIn(words: readonly string[]): string {
  const [, role = "", kind = ""] = words;
  return role === "adapter" ? `${role} ${kind}` : role;
}

function rowsOf(lab: FullLab): readonly LogRow[] {
  using watch = new LogWatch(join(lab.home.data, "audit", "audit.db"));
  return watch.after(0);
}

/** What the commands of the lab have done, in order. */
export function effectsOf(lab: FullLab): readonly string[] {
  const path = join(lab.home.data, "agents", "default", "workspace", EFFECTS);
  return existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
}

function messages(rows: readonly LogRow[]): readonly LogRow[] {
  return rows.filter((row) => row.kind === "inbound" && row.field("kind") === "message");
}

function fieldsOf(rows: readonly LogRow[], kind: string, name: string): string[] {
  return rows.filter((row) => row.kind === kind).map((row) => row.field(name));
}

function finalStates(rows: readonly LogRow[], outbound: string): string[] {
  return rows
    .filter((row) => row.kind === "delivery" && row.field("outbound") === outbound)
    .map((row) => row.field("state"))
    .filter((state) => state !== "sending");
}
