/**
 * Landlock: what a process and its descendants may open, bind and connect to. Never lifted again.
 * Installed by the launch stub before execve, so that every thread of the program lives under it.
 */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { Libc } from "#host/libc.ts";
import { errnoName } from "#host/syscalls.ts";
import { ioFault, systemCode } from "#host/system-error.ts";
import type { LaunchPlan, PathRule, Rights } from "./plan.ts";

const bit = (index: number): bigint => 1n << BigInt(index);

const FS = {
  execute: bit(0),
  write_file: bit(1),
  read_file: bit(2),
  read_dir: bit(3),
  remove_dir: bit(4),
  remove_file: bit(5),
  make_char: bit(6),
  make_dir: bit(7),
  make_reg: bit(8),
  make_sock: bit(9),
  make_fifo: bit(10),
  make_block: bit(11),
  make_sym: bit(12),
  refer: bit(13),
  truncate: bit(14),
  ioctl_dev: bit(15),
} as const;
const NET = { bind: bit(0), connect: bit(1) } as const;
const SCOPE_ALL = bit(0) | bit(1); // abstract Unix sockets, signals

const FILE_RIGHTS = FS.execute | FS.write_file | FS.read_file | FS.truncate | FS.ioctl_dev;
const READ = FS.read_file | FS.read_dir;
const WRITE =
  READ |
  FS.write_file |
  FS.truncate |
  FS.make_reg |
  FS.make_dir |
  FS.make_sym |
  FS.remove_file |
  FS.remove_dir |
  FS.refer;

const GRANTS = {
  read: READ,
  run: READ | FS.execute,
  write: WRITE,
  work: WRITE | FS.execute,
  listen: FS.read_dir | FS.make_sock | FS.remove_file,
  device: FS.read_file | FS.write_file | FS.ioctl_dev,
} as const satisfies Record<Rights, bigint>;

const O_PATH = 0o10000000;
const RULE_PATH = 1;
const RULE_PORT = 2;
const CREATE_VERSION = 1;

/** Landlock's ABI version on this kernel; 0 where there is none. */
export function landlockAbi(libc: Libc): number {
  return Math.max(0, libc.call("landlock_create_ruleset", 0, 0, CREATE_VERSION).value);
}

/** Rights over files that a kernel of this ABI can refuse. */
export function handledFs(abi: number): bigint {
  let all = bit(13) - 1n;
  if (abi >= 2) all |= FS.refer;
  if (abi >= 3) all |= FS.truncate;
  if (abi >= 5) all |= FS.ioctl_dev;
  return all;
}

/** Rights over TCP that the plan wants refused and the kernel can refuse. */
export function handledNet(plan: LaunchPlan, abi: number): bigint {
  if (abi < 4) return 0n;
  const bind = plan.network.bind === "any" ? 0n : NET.bind;
  return bind | (plan.network.connect === "any" ? 0n : NET.connect);
}

/**
 * Puts the calling thread, and the program it will execute, under the plan. Needs no_new_privs.
 * @returns the ABI in force. Fails when the kernel refuses, or a rule's path is a link that was not one of
 * the system.
 */
export function restrictSelf(libc: Libc, plan: LaunchPlan): Result<number, Fault> {
  const abi = landlockAbi(libc);
  if (abi === 0) return fail("unsupported", "this kernel has no Landlock", { reason: "no_landlock" });
  const net = handledNet(plan, abi);
  const attribute = new BigUint64Array([handledFs(abi), net, SCOPE_ALL]);
  const size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  const ruleset = libc.call("landlock_create_ruleset", attribute, size, 0);
  if (ruleset.value < 0) return refused(ruleset.errno);
  try {
    for (const rule of plan.paths) {
      const added = addPath(libc, ruleset.value, rule, handledFs(abi));
      if (!added.ok) return added;
    }
    for (const [port, rights] of portRights(plan)) {
      if ((rights & net) === 0n) continue;
      const entry = new BigUint64Array([rights & net, BigInt(port)]);
      const answer = libc.call("landlock_add_rule", ruleset.value, RULE_PORT, entry, 0);
      if (answer.value < 0) return refused(answer.errno);
    }
    const answer = libc.call("landlock_restrict_self", ruleset.value, 0);
    return answer.value < 0 ? refused(answer.errno) : ok(abi);
  } finally {
    closeSync(ruleset.value);
  }
}

function addPath(libc: Libc, ruleset: number, rule: PathRule, handled: bigint): Result<void, Fault> {
  // What the plan had made must not be a link; a system path may be one (/bin → /usr/bin).
  const follow = rule.make === undefined ? 0 : constants.O_NOFOLLOW;
  let descriptor: number;
  try {
    descriptor = openSync(rule.path, O_PATH | follow);
  } catch (error) {
    const absent = ["ENOENT", "ENOTDIR", "EACCES"].includes(systemCode(error) ?? "");
    if (absent && rule.make === undefined) return ok(undefined);
    return err(ioFault("a folder of the launch plan could not be opened", error));
  }
  try {
    const stats = fstatSync(descriptor);
    if (stats.isSymbolicLink())
      return fail("io", "a folder of the launch plan is a link", { reason: "link" });
    const rights = GRANTS[rule.rights] & handled & (stats.isDirectory() ? handled : FILE_RIGHTS);
    const entry = new Uint8Array(12);
    const view = new DataView(entry.buffer);
    view.setBigUint64(0, rights, true);
    view.setInt32(8, descriptor, true);
    const answer = libc.call("landlock_add_rule", ruleset, RULE_PATH, entry, 0);
    return answer.value < 0 ? refused(answer.errno) : ok(undefined);
  } finally {
    closeSync(descriptor);
  }
}

function portRights(plan: LaunchPlan): Map<number, bigint> {
  const ports = new Map<number, bigint>();
  const add = (list: "any" | readonly number[], right: bigint): void => {
    if (list === "any") return;
    for (const port of list) ports.set(port, (ports.get(port) ?? 0n) | right);
  };
  add(plan.network.bind, NET.bind);
  add(plan.network.connect, NET.connect);
  return ports;
}

function refused(errno: number): Result<never, Fault> {
  return fail("io", `the kernel refused Landlock (${errnoName(errno)})`, { reason: "landlock" });
}
