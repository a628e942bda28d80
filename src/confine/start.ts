/** Starts what a launch plan describes: folders first, then the stub, then the hand-off. */
import { closeSync, readSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { isJsonObject } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { endFault } from "#contracts/role-end.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import { ensureFile, ensureFolder } from "#host/files.ts";
import { pipedHandoff, writeHandoff } from "#host/handoff.ts";
import { loadLibc } from "#host/libc.ts";
import { makePipe } from "#host/process-control.ts";
import { type Self, selfProgram } from "#host/self.ts";
import { type Child, type ExitStatus, type SpawnOptions, spawnChild } from "#host/spawn.ts";
import type { GuardReport, GuardVerdict } from "./guard.ts";
import { encodeOrder } from "./launch-order.ts";
import { type LaunchPlan, rulesAbove } from "./plan.ts";
import { SANDBOX_EXEC, sandboxProfile } from "./sandbox-profile.ts";
import type { GuardLimits } from "./tool-plan.ts";

export interface RoleLaunch {
  /** Data folder: a plan with a rule above it is refused. */
  readonly dataRoot: string;
  readonly handoff: ReadonlyMap<string, SecretBytes>;
  /** Our descriptors that become the child's 3, 4, …; none for a plan that dials. */
  readonly extraFds?: readonly number[];
  readonly onExit: (status: ExitStatus) => void;
  readonly self?: Self;
}

/**
 * Starts a role of ours under its plan and hands it its secrets. Its diagnostics go to our stderr.
 * Fails without leaving a process behind.
 */
export async function launchRole(plan: LaunchPlan, launch: RoleLaunch): Promise<Result<Child, Fault>> {
  const extraFds = launch.extraFds ?? [];
  if (plan.dial !== undefined && extraFds.length > 0) {
    return fail("internal", "a plan that dials takes no further descriptors");
  }
  const prepared = prepare(plan, launch.dataRoot);
  if (!prepared.ok) return prepared;
  const argv = stubCommand(plan, launch.self ?? selfProgram(), extraFds.length);
  if (!argv.ok) return argv;
  const takes = plan.handoff.length > 0;
  if (!takes && launch.handoff.size > 0) return fail("config", "a hand-off for a plan without one");
  const piped = takes ? pipedHandoff(launch.handoff, plan.handoff) : ok(undefined);
  if (!piped.ok) return piped;
  const child = spawnChild({
    argv: argv.value,
    env: plan.env,
    cwd: "/",
    stdin: piped.value ?? (takes ? "pipe" : "none"),
    stderr: "inherit",
    extraFds,
  });
  if (piped.value !== undefined) closeSync(piped.value);
  if (!child.ok) return child;
  void child.value.exited.then(launch.onExit);
  if (!takes || piped.value !== undefined) return child;
  const handed = await writeHandoff(child.value, launch.handoff, plan.handoff);
  if (handed.ok) return child;
  child.value.kill("SIGKILL");
  return handed;
}

/**
 * Off Linux there is no stub: the role is started as it is. Where the plan requires confinement, macOS
 * starts it under a profile, and other systems do not start it.
 */
function stubCommand(
  plan: LaunchPlan,
  self: Self,
  keepFds: number,
): Result<readonly [string, ...string[]], Fault> {
  if (loadLibc() !== undefined) {
    const order = encodeOrder({ plan, parent: process.pid, keepFds });
    return order.ok ? ok([...self.command, "launch", order.value]) : order;
  }
  const itself: readonly [string, ...string[]] = [...self.command, ...plan.args];
  if (plan.required && process.platform === "darwin")
    return ok([SANDBOX_EXEC, "-p", sandboxProfile(plan), ...itself]);
  if (plan.required) return err(endFault("not_confined"));
  return ok(itself);
}

/**
 * Where a guard finds what it is given: its report's pipe, then secrets and a door, as far as there are
 * any.
 */
const GUARD_FDS_AT = 3;

/** A guarded program: a tool run, or an MCP server. */
export interface ToolRun {
  readonly child: Child;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  /**
   * Resolves when the program and all its descendants have ended. `undefined`: the guard itself was killed.
   */
  readonly ended: Promise<GuardReport | undefined>;
  /** Asks the guard to end the run now. */
  stop(): void;
}

/** Starts a tool run under guard. Linux only: elsewhere `unsupported`, and the caller decides. */
export function launchTool(
  plan: LaunchPlan,
  limits: GuardLimits,
  launch: { readonly dataRoot: string; readonly self?: Self },
): Result<ToolRun, Fault> {
  return launchGuarded(plan, limits, { ...launch, secrets: new Map(), stdin: "none" });
}

function launchGuarded(
  plan: LaunchPlan,
  limits: GuardLimits,
  launch: {
    readonly dataRoot: string;
    readonly secrets: ReadonlyMap<string, SecretBytes>;
    readonly stdin: "none" | "pipe";
    readonly door?: number;
    readonly self?: Self;
  },
): Result<ToolRun, Fault> {
  const libc = loadLibc();
  if (libc === undefined) {
    return fail("unsupported", "programs run only where they can be confined, which this system cannot");
  }
  const prepared = prepare(plan, launch.dataRoot);
  if (!prepared.ok) return prepared;
  const names = plan.secretEnv ?? [];
  const doorThere = GUARD_FDS_AT + 1 + (names.length > 0 ? 1 : 0);
  const door = launch.door === undefined ? {} : { door: { descriptor: doorThere, tag: 0 } };
  const order = encodeOrder({ plan, parent: process.pid, keepFds: 1, guard: limits, ...door });
  if (!order.ok) return order;
  const secrets = names.length === 0 ? ok(undefined) : pipedHandoff(launch.secrets, names, libc);
  if (!secrets.ok) return secrets;
  const pipe = makePipe(libc);
  const given = [pipe?.[1], secrets.value].filter((descriptor) => descriptor !== undefined);
  const options: SpawnOptions = {
    argv: [...(launch.self ?? selfProgram()).command, "launch", order.value],
    env: {},
    cwd: "/",
    stdin: launch.stdin,
    stdout: "pipe",
    stderr: "pipe",
    extraFds: launch.door === undefined ? given : [...given, launch.door],
  };
  const whole = pipe !== undefined && (names.length === 0 || secrets.value !== undefined);
  const spawned = whole ? spawnChild(options) : fail("io", "no pipe could be made");
  for (const descriptor of given) closeSync(descriptor);
  if (!spawned.ok) {
    if (pipe !== undefined) closeSync(pipe[0]);
    return spawned;
  }
  return ok(followed(spawned.value, pipe?.[0]));
}

function followed(child: Child, report: number | undefined): ToolRun {
  if (child.stdout === undefined || child.stderr === undefined || report === undefined)
    throw new Error("a piped child without pipes");
  return {
    child,
    stdout: child.stdout,
    stderr: child.stderr,
    ended: child.exited.then(() => readReport(report)),
    stop: () => child.kill("SIGTERM"),
  };
}

/**
 * Starts an MCP server's program under guard, with pipes of its own. `secrets`, by name of the environment
 * variable, stay the caller's; they cross in a filled pipe, never in an argument. `door`: a connected Unix
 * socket over which the listener of the plan's network comes; it stays the caller's. Linux only: elsewhere
 * `unsupported`.
 */
export function launchServer(
  plan: LaunchPlan,
  limits: GuardLimits,
  launch: {
    readonly dataRoot: string;
    readonly secrets: ReadonlyMap<string, SecretBytes>;
    readonly door?: number;
    readonly self?: Self;
  },
): Result<ToolRun, Fault> {
  return launchGuarded(plan, limits, { ...launch, stdin: "pipe" });
}

/** Makes what the plan wants made, and refuses one whose rules stand above the data folder. */
function prepare(plan: LaunchPlan, dataRoot: string): Result<void, Fault> {
  if (rulesAbove(plan, dataRoot).length > 0) {
    return fail("config", "the data folder lies inside a folder that the child may read", {
      hint: "choose another data folder with WIRKEN_DATA_DIR",
    });
  }
  for (const rule of plan.paths) {
    if (rule.make === undefined) continue;
    const made = rule.make === "folder" ? ensureFolder(rule.path) : ensureFile(rule.path);
    if (!made.ok) return made;
  }
  return ok(undefined);
}

const VERDICTS: readonly GuardVerdict[] = ["none", "time", "memory", "processes", "stopped"];
const REPORT_BYTES_MAX = 4_096;

/** The guard has ended, and with it every writer of the pipe: one read cannot wait. */
function readReport(descriptor: number): GuardReport | undefined {
  const room = new Uint8Array(REPORT_BYTES_MAX);
  try {
    const parsed = parseReport(new TextDecoder().decode(room.subarray(0, readSync(descriptor, room))));
    return parsed.ok ? parsed.value : undefined;
  } finally {
    closeSync(descriptor);
  }
}

function parseReport(text: string): Result<GuardReport, "malformed"> {
  if (text === "") return err("malformed");
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) return err("malformed");
  const verdict = VERDICTS.find((name) => name === value["verdict"]);
  const { code, signal, leftovers } = value;
  if (verdict === undefined || typeof leftovers !== "number") return err("malformed");
  return ok({
    verdict,
    code: typeof code === "number" ? code : null,
    signal: typeof signal === "string" ? signal : null,
    leftovers,
  });
}
