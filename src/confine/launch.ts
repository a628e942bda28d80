/**
 * The launch stub, role `launch` (docs/ARCHITECTURE.md, confinement): takes every right away that the plan
 * does not name, then becomes the program by execve, so that all of its threads are born confined. Order
 * matters: the gateway's socket is dialled before Unix sockets are refused, no_new_privs comes before
 * Landlock and seccomp, which need it.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { endFault, exitOf } from "#contracts/role-end.ts";
import { type Libc, loadLibc } from "#host/libc.ts";
import {
  closeOnExecFrom,
  dialUnix,
  dieWithParent,
  dropCapabilities,
  duplicateTo,
  newSession,
  noNewPrivileges,
  offerToOom,
  prepareExecution,
  resetSignals,
  stepBack,
} from "#host/process-control.ts";
import { readHandoffNow } from "#host/handoff.ts";
import { sendDescriptor } from "#host/descriptor-passing.ts";
import { loopbackListener, raiseLoopback } from "#host/loopback.ts";
import { selfProgram } from "#host/self.ts";
import { errnoName } from "#host/syscalls.ts";
import { type Log, stderrLog } from "#runtime/log.ts";
import { guardRun } from "./guard.ts";
import { restrictSelf } from "./landlock.ts";
import { type Door, type LaunchOrder, parseOrder } from "./launch-order.ts";
import { applyLimits } from "./limits.ts";
import type { LaunchPlan } from "./plan.ts";
import { ALWAYS_DENIED, FAMILY, type FilterPlan, installAllowList, installFilter } from "./seccomp.ts";
import { enterView } from "./view.ts";

const SIGKILL = 9;
const FIRST_FD = 3;
/** The guard and the gateway must get their turn while a command floods the machine. */
const TOOL_NICE = 10;

/** Entry of the role: `argv` holds the order. Returns an exit code; on success it never returns. */
export async function main(argv: readonly string[], log: Log = stderrLog("launch")): Promise<number> {
  const [text, ...rest] = argv;
  if (text === undefined || rest.length > 0) return report(log, fail("usage", "launch takes one order"));
  const order = parseOrder(text);
  if (!order.ok) return report(log, order);
  const libc = loadLibc();
  if (libc === undefined) return report(log, fail("unsupported", "this system has no launch stub"));
  if (order.value.guard !== undefined) return guardRun(libc, order.value, order.value.guard);
  return report(log, become(libc, order.value));
}

/** Confines this process and becomes the program. Returns only a failure. */
function become(libc: Libc, order: LaunchOrder): Result<never, Fault> {
  const { plan } = order;
  newSession(libc);
  dieWithParent(libc, SIGKILL);
  if (plan.box !== undefined) {
    const viewed = enterView(libc, plan, plan.box);
    if (!viewed.ok) return viewed;
  }
  const { listener } = plan.network;
  if (listener !== undefined && !handOut(libc, listener, order.door)) {
    return fail("unsupported", "the program has no way to its broker", { reason: "listener" });
  }
  // A parent that ended before the line above took effect sends nothing.
  if (process.ppid !== order.parent) return fail("unavailable", "the parent has ended", { reason: "orphan" });
  const dialled = plan.dial === undefined ? undefined : dialUnix(libc, plan.dial);
  if (dialled !== undefined && dialled < 0) {
    return fail("unavailable", `the gateway's socket did not answer (${errnoName(-dialled)})`);
  }
  process.chdir(plan.cwd);
  const confined = confine(libc, plan);
  if (!confined.ok) return confined;
  const self = selfProgram();
  const words = plan.program === undefined ? [...self.command, ...plan.args] : plan.args;
  const env = environmentOf(plan);
  if (!env.ok) return env;
  const kept = dialled === undefined ? order.keepFds : 1;
  closeOnExecFrom(libc, FIRST_FD + kept);
  // The runtime of this very stub marked all but the first of them when it started.
  for (let fd = FIRST_FD; dialled === undefined && fd < FIRST_FD + kept; fd++) duplicateTo(libc, fd, fd);
  if (dialled !== undefined && !duplicateTo(libc, dialled, FIRST_FD))
    return fail("io", "descriptor 3 is taken");
  resetSignals(libc);
  const execution = prepareExecution(libc, plan.program ?? self.command[0], words, env.value);
  // Last: under a limit on data this runtime itself, which reserves gigabytes, could not go on.
  const limited = applyLimits(libc, plan.limits);
  if (!limited.ok) return limited;
  const errno = execution();
  return fail("io", `the program could not be started (${errnoName(errno)})`, { reason: "execve" });
}

/**
 * Makes the listener of the program's own network and gives it away: who accepts there decides what it
 * leads to.
 */
function handOut(libc: Libc, port: number, door: Door | undefined): boolean {
  const listener = door !== undefined && raiseLoopback(libc) ? loopbackListener(libc, port) : undefined;
  return (
    door !== undefined &&
    listener !== undefined &&
    sendDescriptor(libc, door.descriptor, listener.descriptor, door.tag)
  );
}

/** The plan's environment, with the values that came over the descriptor after the standard ones. */
function environmentOf(plan: LaunchPlan): Result<Readonly<Record<string, string>>, Fault> {
  const names = plan.secretEnv ?? [];
  if (names.length === 0) return ok(plan.env);
  const handed = readHandoffNow(names, FIRST_FD);
  if (!handed.ok) return handed;
  const secrets: Record<string, string> = {};
  for (const [name, value] of handed.value) {
    secrets[name] = value.use((bytes) => new TextDecoder().decode(bytes));
    value[Symbol.dispose]();
  }
  return ok({ ...plan.env, ...secrets });
}

/**
 * no_new_privs, Landlock, seccomp. A kernel without one of them stops the start only where the plan
 * requires it.
 */
function confine(libc: Libc, plan: LaunchPlan): Result<void, Fault> {
  if (plan.role === "tool" || plan.role === "mcp-server") {
    offerToOom();
    stepBack(libc, TOOL_NICE);
  }
  dropCapabilities(libc);
  if (!noNewPrivileges(libc)) return fail("io", "no_new_privs was refused");
  const locked = restrictSelf(libc, plan);
  if (!locked.ok && locked.error.reason !== "no_landlock") return locked;
  if (!locked.ok && plan.required) return err(endFault("not_confined"));
  const filtered =
    plan.role === "tool" ? installToolFilters(libc, plan) : installFilter(libc, firstFilter(plan), false);
  return filtered.ok || !plan.required ? ok(undefined) : err(endFault("not_confined"));
}

/** A tool run is held to a list of calls; the filter before it looks at their arguments. */
function installToolFilters(libc: Libc, plan: LaunchPlan): Result<void, Fault> {
  const filtered = installFilter(libc, firstFilter(plan), false);
  return filtered.ok ? installAllowList(libc) : filtered;
}

/** The filter before execve: the program itself must still be started. */
export function firstFilter(plan: LaunchPlan): FilterPlan {
  const { sockets } = plan.network;
  const inet = sockets === "none" ? [] : [FAMILY.inet, FAMILY.inet6, FAMILY.netlink];
  const unix = plan.unixSockets === "listen" ? [FAMILY.unix] : [];
  const networks = plan.makesNetworks === true ? { networks: true } : {};
  return { denied: ALWAYS_DENIED, families: [...inet, ...unix], streamsOnly: sockets === "tcp", ...networks };
}

function report(log: Log, result: Result<never, Fault>): number {
  if (result.ok) return 0;
  log.warn(result.error.message, result.error.reason === undefined ? {} : { reason: result.error.reason });
  return exitOf(result.error);
}
