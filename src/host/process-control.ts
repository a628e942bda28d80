/** Linux process attributes through system calls: what a launch stub and a role's first statements set. */
import { writeFileSync } from "node:fs";
import { type Libc, cString, pointerArray } from "./libc.ts";
import { firstWordFor } from "./self.ts";

const PR_SET_PDEATHSIG = 1;
const PR_SET_DUMPABLE = 4;
const PR_SET_NAME = 15;
const PR_CAPBSET_DROP = 24;
const CAPABILITIES = 64; // more than any kernel has
const CAPABILITY_VERSION_3 = 0x20080522;
const PR_SET_CHILD_SUBREAPER = 36;
const PR_SET_NO_NEW_PRIVS = 38;
const F_SETFD = 2;
const F_GETPIPE_SZ = 1_032;
const FD_CLOEXEC = 1;
const CLOSE_RANGE_CLOEXEC = 4;
const UINT_MAX = 0xffffffff;
const SIG_SETMASK = 2;
const SIGSET_BYTES = 8;
const SIGACTION_BYTES = 32;
const O_CLOEXEC = 0o2000000;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SUN_PATH_BYTES = 108;
/** Signals a parent may have left ignored, which execve passes on: HUP, INT, QUIT, PIPE, TERM, CHLD, XFSZ. */
const INHERITED_SIGNALS = [1, 2, 3, 13, 15, 17, 25] as const;

/** No program started from here gains rights by being set-user-ID. True when the kernel did it. */
export function noNewPrivileges(libc: Libc): boolean {
  return libc.call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0).value === 0;
}

/** Other processes of the same user can no longer read this one's memory, environment or descriptors. */
export function notDumpable(libc: Libc): boolean {
  return libc.call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0).value === 0;
}

/** What this process is called in short lists of processes; the kernel keeps 15 bytes. */
export function showName(libc: Libc, name: string): void {
  libc.call("prctl", PR_SET_NAME, cString(name), 0, 0, 0);
}

/** The kernel sends `signal` to this process when its parent ends. Kept over execve. */
export function dieWithParent(libc: Libc, signal: number): boolean {
  return libc.call("prctl", PR_SET_PDEATHSIG, signal, 0, 0, 0).value === 0;
}

/** Orphaned descendants become children of this process instead of leaving its tree. */
export function adoptOrphans(libc: Libc): boolean {
  return libc.call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0).value === 0;
}

/** A session and process group of its own; false when this process leads one already. */
export function newSession(libc: Libc): boolean {
  return libc.call("setsid").value >= 0;
}

/** Default action for every signal that could have been inherited as ignored, and none blocked. */
export function resetSignals(libc: Libc): void {
  for (const signal of INHERITED_SIGNALS) {
    libc.call("rt_sigaction", signal, new Uint8Array(SIGACTION_BYTES), 0, SIGSET_BYTES);
  }
  libc.call("rt_sigprocmask", SIG_SETMASK, new Uint8Array(SIGSET_BYTES), 0, SIGSET_BYTES);
}

/** Descriptors from `first` on close at execve. */
export function closeOnExecFrom(libc: Libc, first: number): boolean {
  return libc.call("close_range", first, UINT_MAX, CLOSE_RANGE_CLOEXEC).value === 0;
}

/** Makes `descriptor` also available as `number`, open across execve. */
export function duplicateTo(libc: Libc, descriptor: number, number: number): boolean {
  if (descriptor === number) return libc.call("fcntl", descriptor, F_SETFD, 0).value === 0;
  return libc.call("dup3", descriptor, number, 0).value === number;
}

/** Keeps a descriptor from children. */
export function closeOnExec(libc: Libc, descriptor: number): boolean {
  return libc.call("fcntl", descriptor, F_SETFD, FD_CLOEXEC).value === 0;
}

/** A pipe whose ends close at execve: `[read, write]`. */
export function makePipe(libc: Libc): readonly [number, number] | undefined {
  const ends = new Uint8Array(8);
  if (libc.call("pipe2", ends, O_CLOEXEC).value !== 0) return undefined;
  const [readEnd = -1, writeEnd = -1] = new Int32Array(ends.buffer);
  return [readEnd, writeEnd];
}

/** How many bytes a pipe takes before a writer must wait; 0 where the system does not say. */
export function pipeBytes(libc: Libc, descriptor: number): number {
  return Math.max(0, libc.call("fcntl", descriptor, F_GETPIPE_SZ, 0).value);
}

/** Connects to a Unix socket by path. Returns the descriptor, or the negative errno. */
export function dialUnix(libc: Libc, path: string): number {
  const name = new TextEncoder().encode(path);
  if (name.length >= SUN_PATH_BYTES || path.includes("\0")) return -36; // ENAMETOOLONG
  const address = new Uint8Array(2 + SUN_PATH_BYTES);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  const made = libc.call("socket", AF_UNIX, SOCK_STREAM | O_CLOEXEC, 0);
  if (made.value < 0) return -made.errno;
  const answer = libc.call("connect", made.value, address, address.length);
  return answer.value === 0 ? made.value : -answer.errno;
}

/**
 * Prepares becoming another program; the returned function does it and answers the errno: on success there is nobody
 * left to answer to. Apart, so that nothing is allocated between the last limit and execve.
 */
export function prepareExecution(
  libc: Libc,
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): () => number {
  const program = cString(path);
  const words = args.map((word, index) => cString(index === 0 ? firstWordFor(word) : word));
  const names = Object.entries(env).map(([name, value]) => cString(`${name}=${value}`));
  const wordArray = pointerArray(words);
  const nameArray = pointerArray(names);
  return () => {
    const answer = libc.call("execve", program, wordArray, nameArray);
    // Named here so that the strings behind the pointers stay referenced until the call is over.
    return words.length + names.length >= 0 ? answer.errno : 0;
  };
}

/**
 * Gives up every capability, also for programs started later: root without them reads only what its files allow, and
 * is held back by the same ptrace rules as anyone. Where the bounding set cannot be emptied, execve brings them back.
 * @param kept capabilities below 32 that stay where they are there
 */
export function dropCapabilities(libc: Libc, kept: readonly number[] = []): void {
  for (let capability = 0; capability < CAPABILITIES; capability++) {
    if (!kept.includes(capability)) libc.call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  const header = new Uint8Array(Uint32Array.of(CAPABILITY_VERSION_3, 0).buffer);
  const word = kept.reduce((set, capability) => (set | (1 << capability)) >>> 0, 0);
  // Effective, permitted, inheritable: what is ambient passes an execve of anybody's while it is all three.
  const sets = new Uint8Array(Uint32Array.of(word, word, word, 0, 0, 0).buffer);
  if (libc.call("capset", header, sets).value < 0) libc.call("capset", header, new Uint8Array(24));
}

/** Collects an ended child that nobody else waits for. */
export function reap(libc: Libc, pid: number): void {
  const WNOHANG = 1;
  libc.call("wait4", pid, 0, WNOHANG, 0);
}

/** Steps back behind other processes by `nice` (1 to 19), with everything started later. */
export function stepBack(libc: Libc, nice: number): void {
  libc.call("setpriority", 0, 0, nice);
}

/** When memory runs out the kernel ends this process and its children first. */
export function offerToOom(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    return; // a container without a writable /proc: the guard's bound on memory still holds
  }
}
