/**
 * Attacks from the inside, role by role: `bun run redteam:walls` prints the table. This file is compiled into one
 * program that is all of it: the launch stub (`launch`), the attack in a role's place (`<role> FOLDER`), and without
 * words the run that starts each of them under its plan beside the real program, and prints what each reached as JSON.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { main as launch } from "#confine/launch.ts";
import { enterRole, sealUnixSockets, STARTS_PROGRAMS } from "#confine/stage2.ts";
import { launchRole, launchTool } from "#confine/start.ts";
import { installFilter } from "#confine/seccomp.ts";
import { namespacePrefix } from "#confine/namespaces.ts";
import type { LaunchPlan } from "#confine/plan.ts";
import type { Self } from "#host/self.ts";
import { systemClock } from "#runtime/clock.ts";
import { loadLibc } from "#host/libc.ts";
import { dataPaths } from "#host/paths.ts";
import { noNewPrivileges } from "#host/process-control.ts";
import { BINARY } from "#test/support/binary.ts";
import { runBoxed } from "#box/boxed-run.ts";
import { confineBoxRole } from "#box/main.ts";
import { attackAll } from "./attacks.ts";
import { type Column, COLUMNS, type Place, placeOf } from "./columns.ts";
import { type Facts, isFacts } from "./facts.ts";
import { startVictim } from "./victim.ts";

const FACTS_FILE = "walls-facts.json";
const OUTCOME_FILE = "walls-outcome.json";

/** Attack → what came of it. */
export type Outcomes = Readonly<Record<string, string>>;

const [first, ...words] = process.argv.slice(2);
if (first === "launch") process.exitCode = await launch(words);
else if (first === "ran") console.log("ran");
else if (first === undefined) console.log(JSON.stringify(await measure()));
else await attackAs(first, words[0] ?? "");

/** The role's own first statements, then the attacks. */
async function attackAs(role: string, own: string): Promise<void> {
  const facts: unknown = JSON.parse(readFileSync(join(own, FACTS_FILE), "utf8"));
  if (!isFacts(facts)) throw new Error("no facts");
  const known = Object.keys(STARTS_PROGRAMS).find(
    (name): name is keyof typeof STARTS_PROGRAMS => name === role,
  );
  if (role === "box-role" && !isBoxRole(facts.root)) throw new Error("the box role is not confined");
  const entered = known === undefined ? undefined : enterRole(known);
  if (entered?.ok === false) throw new Error(entered.error.message);
  if (role === "gateway") sealUnixSockets();
  writeFileSync(join(own, OUTCOME_FILE), JSON.stringify(await attackAll(facts)));
  process.exit(0);
}

function isBoxRole(root: string): boolean {
  const libc = loadLibc();
  return libc !== undefined && confineBoxRole(libc, dataPaths(root));
}

async function runInBox(plan: LaunchPlan, self: Self): Promise<void> {
  const prefix = namespacePrefix("no proc");
  if (!prefix.ok) throw new Error(prefix.error.message);
  let said = "";
  const report = await runBoxed(plan, {
    clock: systemClock,
    self,
    prefix: prefix.value,
    signal: new AbortController().signal,
    onOutput: async (bytes) => {
      said += new TextDecoder().decode(bytes);
    },
  });
  if (!report.ok || report.value.code !== 0) throw new Error(`box: ${JSON.stringify(report)} ${said}`);
}

async function runAsBoxRole(own: string): Promise<void> {
  const prefix = namespacePrefix("own proc");
  if (!prefix.ok) throw new Error(prefix.error.message);
  const role = Bun.spawn([...prefix.value, process.execPath, "box-role", own], {
    env: {},
    stderr: "inherit",
  });
  if ((await role.exited) !== 0) throw new Error("the box role did not run");
}

/** What a run prints. */
export interface Measured {
  readonly table: Partial<Record<Column, Outcomes>>;
  /** `wirken status --json` and `wirken doctor` of the program beside which the attacks ran. */
  readonly status: unknown;
  readonly doctor: string;
}

async function measure(): Promise<Measured> {
  const required = process.env["WALLS_WITHOUT_LANDLOCK"] === undefined;
  if (!required) forgetLandlock();
  await using victim = await startVictim();
  const around = {
    paths: dataPaths(victim.facts.root),
    self: { command: [process.execPath], sourceRoot: undefined } as const,
    webchatPort: victim.webchatPort,
    consolePort: victim.consolePort,
    required,
  };
  const table: Partial<Record<Column, Outcomes>> = {};
  // Without Landlock no box is started at all.
  const columns = required ? COLUMNS : COLUMNS.filter((column) => column !== "box" && column !== "box role");
  for (const column of columns) table[column] = await outcomesOf(placeOf(column, around), victim.facts);
  return { table, status: await victim.status(), doctor: await victim.doctor() };
}

/** From here on this process and all that it starts live on a kernel that has no Landlock, as far as they can tell. */
function forgetLandlock(): void {
  const libc = loadLibc();
  if (libc === undefined || !noNewPrivileges(libc)) throw new Error("no system calls here");
  const forgotten = installFilter(libc, { denied: ["landlock_create_ruleset"], families: undefined }, true);
  if (!forgotten.ok) throw new Error(forgotten.error.message);
}

async function outcomesOf(place: Place, facts: Omit<Facts, "own" | "program">): Promise<Outcomes> {
  mkdirSync(place.own, { recursive: true, mode: 0o700 });
  const outcome = join(place.own, OUTCOME_FILE);
  // A guarded run's program is its own to start; the executable is another file.
  const isOwn = place.guard === undefined && place.by !== "box";
  const program = isOwn ? process.execPath : BINARY;
  writeFileSync(join(place.own, FACTS_FILE), JSON.stringify({ ...facts, program, own: place.own }));
  await run(place, facts.root);
  const outcomes: Outcomes = JSON.parse(readFileSync(outcome, "utf8"));
  for (const name of [OUTCOME_FILE, FACTS_FILE, "vault-link", "vault-hard"])
    rmSync(join(place.own, name), { force: true });
  return outcomes;
}

async function run({ plan, guard, own, by }: Place, dataRoot: string): Promise<void> {
  const self = { command: [process.execPath], sourceRoot: undefined } as const;
  if (by === "box" && plan !== undefined) return await runInBox(plan, self);
  if (by === "box role") return await runAsBoxRole(own);
  if (plan === undefined) {
    await Bun.spawn([process.execPath, "free", own], { env: {}, stderr: "inherit" }).exited;
    return;
  }
  if (guard !== undefined) {
    const started = launchTool(plan, guard, { dataRoot, self });
    if (!started.ok) throw new Error(started.error.message);
    const [report, stderr] = await Promise.all([
      started.value.ended,
      new Response(started.value.stderr).text(),
    ]);
    if (report?.code !== 0) throw new Error(`${plan.role}: ${JSON.stringify(report)} ${stderr}`);
    return;
  }
  const ended = Promise.withResolvers<number | null>();
  const child = await launchRole(plan, {
    dataRoot,
    self,
    handoff: new Map(),
    onExit: ({ code }) => ended.resolve(code ?? null),
  });
  if (!child.ok) throw new Error(child.error.message);
  const code = await ended.promise;
  if (code !== 0) throw new Error(`${plan.role} ended with ${String(code)}`);
}
