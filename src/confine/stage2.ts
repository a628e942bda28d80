/**
 * A role's first statements, before any other code of the role is loaded: what execve resets or what must
 * wait until the program itself runs. Off Linux it does nothing and says so in its answer.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { type Libc, loadLibc } from "#host/libc.ts";
import { dieWithParent, noNewPrivileges, notDumpable, showName } from "#host/process-control.ts";
import type { LaunchPlan } from "./plan.ts";
import { EXEC_CALLS, FAMILY, hasSeccomp, installFilter } from "./seccomp.ts";

const SIGKILL = 9;

/**
 * Whether a role starts programs after its second stage: the gateway tool runs, the MCP proxy its servers.
 */
export const STARTS_PROGRAMS = {
  gateway: true,
  signer: false,
  console: false,
  adapter: false,
  "mcp-proxy": true,
} as const satisfies Record<Exclude<LaunchPlan["role"], "tool" | "mcp-server">, boolean>;

/**
 * Confines the running process further. The stub checked the parent and the death signal outlives execve;
 * both are done again for a role that was started without it. Fails with `unavailable` when the parent
 * ended in between.
 */
export function enterRole(role: keyof typeof STARTS_PROGRAMS): Result<void, Fault> {
  const libc = loadLibc();
  if (libc === undefined) return ok(undefined);
  if (!notDumpable(libc))
    return fail("io", "the process's memory could not be closed", { reason: "dumpable" });
  showName(libc, `wirken-${role}`);
  const parent = process.ppid;
  dieWithParent(libc, SIGKILL);
  if (process.ppid !== parent) return fail("unavailable", "the keeper has ended", { reason: "orphan" });
  if (STARTS_PROGRAMS[role]) return ok(undefined);
  noNewPrivileges(libc); // set by the stub already; a role run without it must not fail for the lack
  const filtered = installFilter(libc, { denied: EXEC_CALLS, families: undefined }, true);
  return unlessAbsent(libc, filtered);
}

/** Where the kernel takes no filters at all, the launch stub has judged already whether that may be. */
function unlessAbsent(libc: Libc, filtered: Result<void, Fault>): Result<void, Fault> {
  return filtered.ok || hasSeccomp(libc) ? filtered : ok(undefined);
}

/**
 * The keeper's own protection: not dumpable. It starts programs and talks to the keychain's bus, so nothing
 * else.
 * @returns false where the system has no such thing.
 */
export function hideMemory(): boolean {
  const libc = loadLibc();
  return libc !== undefined && notDumpable(libc);
}

/**
 * Closes the door to Unix sockets in every thread, for a role whose plan says `listen`: called once it
 * listens. Its listening sockets and what they accept go on; no path can be dialled any more, not even by a
 * program it starts.
 */
export function sealUnixSockets(libc: Libc | undefined = loadLibc()): Result<void, Fault> {
  if (libc === undefined) return ok(undefined);
  noNewPrivileges(libc);
  const families = [FAMILY.inet, FAMILY.inet6, FAMILY.netlink];
  const filtered = installFilter(libc, { denied: [], families }, true);
  return unlessAbsent(libc, filtered);
}
