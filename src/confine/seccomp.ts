/**
 * seccomp filters: system calls that a process and its descendants cannot make. The program is built by a
 * pure function, instruction by instruction, and installed once; filters add up and never come off.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { type Libc, addressOf } from "#host/libc.ts";
import { type Architecture, ERRNO, type SyscallName, errnoName, syscallNumber } from "#host/syscalls.ts";
import { type CallList, toolCalls } from "./tool-calls.ts";

/** What a filter refuses. */
export interface FilterPlan {
  readonly denied: readonly SyscallName[];
  /** Address families for `socket`; `undefined`: not looked at. */
  readonly families: readonly number[] | undefined;
  /** True: of IPv4 and IPv6, streams alone. */
  readonly streamsOnly?: boolean;
  /** True: new namespaces may be made. Only for the process that builds boxes. */
  readonly namespaces?: boolean;
  /** True: `unshare` of user and network at once, and of nothing else, is let through: an empty network. */
  readonly networks?: boolean;
}

export const FAMILY = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const;

/**
 * Never needed by a child of ours: other processes' memory, mounts, namespaces, kernel keys, kernel
 * programs.
 */
export const ALWAYS_DENIED: readonly SyscallName[] = [
  "ptrace",
  "process_vm_readv",
  "process_vm_writev",
  "process_madvise",
  "kcmp",
  "pidfd_getfd",
  "mount",
  "umount2",
  "pivot_root",
  "chroot",
  "open_tree",
  "move_mount",
  "fsopen",
  "fsconfig",
  "fsmount",
  "fspick",
  "mount_setattr",
  "open_by_handle_at",
  "unshare",
  "setns",
  "bpf",
  "perf_event_open",
  "userfaultfd",
  "io_uring_setup",
  "io_uring_enter",
  "io_uring_register",
  "add_key",
  "request_key",
  "keyctl",
  "init_module",
  "finit_module",
  "delete_module",
  "kexec_load",
  "kexec_file_load",
  "swapon",
  "reboot",
  "acct",
  "settimeofday",
  "clock_settime",
];

/** What building a box needs, and nothing else of ours does. */
export const VIEW_CALLS: readonly SyscallName[] = [
  "mount",
  "umount2",
  "pivot_root",
  "mount_setattr",
  "unshare",
];

/** Starting another program. */
export const EXEC_CALLS: readonly SyscallName[] = ["execve", "execveat"];

const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 } as const satisfies Record<Architecture, number>;
const X32_BIT = 0x40000000;
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NAMESPACE_FLAGS = 0x7e020000;
/** CLONE_NEWUSER with CLONE_NEWNET. */
const EMPTY_NETWORK = 0x50000000;
/** Pushing characters into a terminal's input. */
const TERMINAL_IOCTLS = [0x5412, 0x541c] as const;
const SOCK_TYPE_MASK = 0xf;
const SOCK_STREAM = 1;
const SOCK_RAW = 3;

const LOAD = 0x20;
const AND = 0x54;
const RETURN = 0x06;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_ANY_BIT = 0x45;
const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const REFUSE = 0x00050000;

const OFFSET_NUMBER = 0;
const OFFSET_ARCH = 4;
const argument = (index: number): number => 16 + 8 * index; // low word on little-endian machines

/** One BPF instruction: code, jump if true, jump if false, constant. */
export type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, constant: number];

/**
 * The filter as instructions: another architecture is killed, what is named is refused with EPERM, the rest
 * runs.
 */
export function filterProgram(plan: FilterPlan, arch: Architecture): readonly Instruction[] {
  const call = (name: SyscallName): number => syscallNumber(name, arch);
  const refuse: Instruction = [RETURN, 0, 0, REFUSE | ERRNO.EPERM];
  const loadNumber: Instruction = [LOAD, 0, 0, OFFSET_NUMBER];
  /** `body` runs for one call alone; afterwards the call's number is loaded again. */
  const only = (name: SyscallName, body: readonly Instruction[]): readonly Instruction[] => [
    [JUMP_EQUAL, 0, body.length + 1, call(name)],
    ...body,
    loadNumber,
  ];
  return [
    [LOAD, 0, 0, OFFSET_ARCH],
    [JUMP_EQUAL, 1, 0, AUDIT_ARCH[arch]],
    [RETURN, 0, 0, KILL_PROCESS],
    loadNumber,
    ...(arch === "x64" ? [[JUMP_AT_LEAST, 0, 1, X32_BIT] as const, refuse] : []),
    ...plan.denied
      .filter((name) => plan.networks !== true || name !== "unshare")
      .flatMap((name): Instruction[] => [[JUMP_EQUAL, 0, 1, call(name)], refuse]),
    // The kernel itself refuses flags above the low word.
    ...(plan.networks === true
      ? only("unshare", [[LOAD, 0, 0, argument(0)], [JUMP_EQUAL, 1, 0, EMPTY_NETWORK], refuse])
      : []),
    // Its flags lie in memory that a filter cannot read: "no such call" makes every libc fall back to clone.
    ...(plan.namespaces === true
      ? []
      : [
          ...only("clone3", [[RETURN, 0, 0, REFUSE | ERRNO.ENOSYS]]),
          ...only("clone", [[LOAD, 0, 0, argument(0)], [JUMP_ANY_BIT, 0, 1, NAMESPACE_FLAGS], refuse]),
        ]),
    ...only("ioctl", [
      [LOAD, 0, 0, argument(1)],
      ...TERMINAL_IOCTLS.flatMap((code): Instruction[] => [[JUMP_EQUAL, 0, 1, code], refuse]),
    ]),
    // Landlock's scope covers signals alone. A lowered RLIMIT_CPU kills as surely as SIGKILL, so a process may set
    // limits, priority and processors of itself and of nobody else (0 means the caller).
    ...only("prlimit64", ofOthers(0, refuse)),
    ...only("sched_setaffinity", ofOthers(0, refuse)),
    ...only("setpriority", [...ofOthers(0, refuse), ...ofOthers(1, refuse)]), // PRIO_PROCESS is 0 too
    ...(plan.families === undefined ? [] : only("socket", socketBody(plan, refuse))),
    [RETURN, 0, 0, ALLOW],
  ];
}

/** Refuses an argument other than 0. */
function ofOthers(index: number, refuse: Instruction): readonly Instruction[] {
  return [[LOAD, 0, 0, argument(index)], [JUMP_EQUAL, 1, 0, 0], refuse];
}

/** Refuses families that are not listed, and of IPv4 and IPv6 raw sockets, or all but streams. */
function socketBody(plan: FilterPlan, refuse: Instruction): readonly Instruction[] {
  const { families = [], streamsOnly = false } = plan;
  const unknown: Instruction = [RETURN, 0, 0, REFUSE | ERRNO.EAFNOSUPPORT];
  const listed = families.map(
    (family, index): Instruction => [JUMP_EQUAL, families.length - index, 0, family],
  );
  return [
    [LOAD, 0, 0, argument(0)],
    ...listed,
    unknown,
    [JUMP_EQUAL, 4, 0, FAMILY.netlink], // netlink is asked for as a raw socket by every libc
    [LOAD, 0, 0, argument(1)],
    [AND, 0, 0, SOCK_TYPE_MASK],
    streamsOnly ? [JUMP_EQUAL, 1, 0, SOCK_STREAM] : [JUMP_EQUAL, 0, 1, SOCK_RAW],
    refuse,
  ];
}

/**
 * A filter that lets the listed calls through and refuses the rest: with ENOSYS what is newer than the
 * list, so that a C library takes the older call, with EPERM the others. It looks at no argument:
 * `filterProgram` does, beside it.
 */
export function allowProgram(list: CallList, arch: Architecture): readonly Instruction[] {
  const { numbers, newest } = list;
  const runs: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last.to + 1 === number) last.to = number;
    else runs.push({ from: number, to: number });
  }
  return [
    [LOAD, 0, 0, OFFSET_ARCH],
    [JUMP_EQUAL, 1, 0, AUDIT_ARCH[arch]],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD, 0, 0, OFFSET_NUMBER],
    // Below a run: skip it. Within: allow. Above: the next one.
    ...runs.flatMap(({ from, to }): Instruction[] => [
      [JUMP_AT_LEAST, 0, 2, from],
      [JUMP_AT_LEAST, 1, 0, to + 1],
      [RETURN, 0, 0, ALLOW],
    ]),
    [JUMP_AT_LEAST, 0, 1, newest + 1],
    [RETURN, 0, 0, REFUSE | ERRNO.ENOSYS],
    [RETURN, 0, 0, REFUSE | ERRNO.EPERM],
  ];
}

/** The program as the kernel reads it: 8 bytes an instruction, little-endian. */
export function encodeProgram(program: readonly Instruction[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(([code, ifTrue, ifFalse, constant], index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, constant >>> 0, true);
  });
  return bytes;
}

const SET_MODE_FILTER = 1;
const GET_ACTION_AVAIL = 2;
const FLAG_TSYNC = 1;

/** True where the kernel takes filters. Asks for the action that every filter uses, and installs nothing. */
export function hasSeccomp(libc: Libc): boolean {
  const action = new Uint8Array(Uint32Array.of(REFUSE).buffer);
  return libc.call("seccomp", GET_ACTION_AVAIL, 0, action).value === 0;
}

/**
 * Installs the filter. `allThreads`: for a process that already has threads. Needs no_new_privs.
 * Fails with `io` when the kernel refuses.
 */
export function installFilter(libc: Libc, plan: FilterPlan, allThreads: boolean): Result<void, Fault> {
  return install(libc, filterProgram(plan, libc.arch), allThreads);
}

/**
 * Adds the allow-list of a tool run; what is refused already stays refused. Fails as `installFilter` does.
 */
export function installAllowList(libc: Libc): Result<void, Fault> {
  return install(libc, allowProgram(toolCalls(libc.arch), libc.arch), false);
}

function install(libc: Libc, filter: readonly Instruction[], allThreads: boolean): Result<void, Fault> {
  const program = encodeProgram(filter);
  const header = new Uint8Array(16);
  const view = new DataView(header.buffer);
  view.setUint16(0, program.length / 8, true);
  view.setBigUint64(8, addressOf(program), true);
  const answer = libc.call("seccomp", SET_MODE_FILTER, allThreads ? FLAG_TSYNC : 0, header);
  if (answer.value === 0) return ok(undefined);
  return fail("io", `the kernel refused a system call filter (${errnoName(answer.errno)})`, {
    reason: "seccomp",
  });
}
