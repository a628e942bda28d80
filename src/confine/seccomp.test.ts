import { describe, expect, test } from "bun:test";
import { type Architecture, syscallNumber } from "#host/syscalls.ts";
import { firstFilter } from "./launch.ts";
import {
  ALWAYS_DENIED,
  allowProgram,
  EXEC_CALLS,
  FAMILY,
  type Instruction,
  encodeProgram,
  filterProgram,
} from "./seccomp.ts";
import { toolCalls } from "./tool-calls.ts";
import { toolPlan } from "./tool-plan.ts";

const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const EAFNOSUPPORT = 0x00050061;
const KILL = 0x80000000;
const ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;

/** A machine for the few BPF instructions that filters use. */
function run(program: readonly Instruction[], nr: number, args: readonly number[], arch: number): number {
  const load = (offset: number): number =>
    offset === 0 ? nr : offset === 4 ? arch : (args[(offset - 16) / 8] ?? 0);
  let accumulator = 0;
  for (let at = 0; at < program.length; at++) {
    const [code, ifTrue, ifFalse, constant] = program[at] ?? [6, 0, 0, 0];
    const jump = (condition: boolean): void => {
      at += condition ? ifTrue : ifFalse;
    };
    if (code === 0x20) accumulator = load(constant) >>> 0;
    else if (code === 0x54) accumulator = (accumulator & constant) >>> 0;
    else if (code === 0x15) jump(accumulator === constant >>> 0);
    else if (code === 0x35) jump(accumulator >= constant >>> 0);
    else if (code === 0x45) jump((accumulator & constant) !== 0);
    else if (code === 0x06) return constant >>> 0;
    else throw new Error(`instruction ${code}`);
  }
  throw new Error("the program ran past its end");
}

const facts = {
  program: "/usr/bin/true",
  argv: ["true"] as const,
  cwd: "/w",
  workspace: "/w",
  temporary: "/t",
  required: true,
};

describe.each(["x64", "arm64"] as const)("filterProgram on %s", (arch: Architecture) => {
  const call = (name: Parameters<typeof syscallNumber>[0]): number => syscallNumber(name, arch);
  const offline = filterProgram(firstFilter(toolPlan({ ...facts, network: false })), arch);
  const online = filterProgram(firstFilter(toolPlan({ ...facts, network: true })), arch);

  test("filterProgram refuses each denied call and allows execve before the program runs", () => {
    for (const name of ALWAYS_DENIED)
      expect([name, run(offline, call(name), [], ARCH[arch])]).toEqual([name, EPERM]);
    expect(run(offline, call("execve"), [], ARCH[arch])).toBe(ALLOW);
    const second = filterProgram({ denied: EXEC_CALLS, families: undefined }, arch);
    for (const name of EXEC_CALLS) expect(run(second, call(name), [], ARCH[arch])).toBe(EPERM);
    expect(run(second, call("socket"), [1], ARCH[arch])).toBe(ALLOW);
  });

  test("filterProgram grants the families of the plan and no raw socket", () => {
    const socket = (program: readonly Instruction[], family: number, type = 1): number =>
      run(program, call("socket"), [family, type], ARCH[arch]);
    for (let family = 0; family < 46; family++) {
      const granted = [2, 10, 16].includes(family);
      expect([family, socket(online, family)]).toEqual([family, granted ? ALLOW : EAFNOSUPPORT]);
      expect([family, socket(offline, family)]).toEqual([family, EAFNOSUPPORT]);
    }
    expect(socket(online, FAMILY.inet, 0x80003)).toBe(EPERM);
    expect(socket(online, FAMILY.inet6, 3)).toBe(EPERM);
    expect(socket(online, FAMILY.inet, 0x80001)).toBe(ALLOW);
    expect(socket(online, FAMILY.netlink, 0x80003)).toBe(ALLOW);
    const families = [FAMILY.inet, FAMILY.inet6];
    const serving = filterProgram({ denied: [], families, streamsOnly: true }, arch);
    for (const family of families) {
      expect(socket(serving, family, 0x80001)).toBe(ALLOW);
      expect(socket(serving, family, 0x80002)).toBe(EPERM); // datagrams, which Landlock does not know
    }
  });

  test("filterProgram refuses namespaces, clone3, terminal injection, and kills another architecture", () => {
    for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]) {
      expect(run(offline, call("clone"), [flag | 17], ARCH[arch])).toBe(EPERM);
    }
    expect(run(offline, call("clone"), [0x3d0f00], ARCH[arch])).toBe(ALLOW); // a thread
    expect(run(offline, call("clone3"), [], ARCH[arch])).toBe(ENOSYS);
    expect(run(offline, call("ioctl"), [0, 0x5412], ARCH[arch])).toBe(EPERM);
    expect(run(offline, call("ioctl"), [0, 0x5413], ARCH[arch])).toBe(ALLOW);
    expect(run(offline, call("execve"), [], 0x40000003)).toBe(KILL);
    if (arch === "x64") expect(run(offline, 0x40000000 | 59, [], ARCH[arch])).toBe(EPERM);
  });

  test("filterProgram lets who makes networks leave its own for an empty one, and make no other namespace", () => {
    const makes = filterProgram({ denied: ALWAYS_DENIED, families: undefined, networks: true }, arch);
    const unshare = (flags: number): number => run(makes, call("unshare"), [flags], ARCH[arch]);
    expect(unshare(0x50000000)).toBe(ALLOW);
    for (const flags of [0, 0x10000000, 0x40000000, 0x50020000, 0x70000000])
      expect(unshare(flags)).toBe(EPERM);
    expect(run(makes, call("setns"), [0x40000000], ARCH[arch])).toBe(EPERM);
    expect(run(makes, call("clone"), [0x40000011], ARCH[arch])).toBe(EPERM);
    expect(run(offline, call("unshare"), [0x40000000], ARCH[arch])).toBe(EPERM);
  });

  test("filterProgram lets a process set its own limits and priority, and nobody else's", () => {
    for (const [name, args, verdict] of [
      ["prlimit64", [0, 0], ALLOW],
      ["prlimit64", [4_242, 0], EPERM], // RLIMIT_CPU of the gateway: SIGXCPU, then SIGKILL
      ["sched_setaffinity", [0], ALLOW],
      ["sched_setaffinity", [4_242], EPERM],
      ["setpriority", [0, 0, 10], ALLOW],
      ["setpriority", [0, 4_242, 19], EPERM],
      ["setpriority", [2, 0, 19], EPERM], // everything of this user
    ] as const) {
      expect([name, args, run(offline, call(name), args, ARCH[arch])]).toEqual([name, args, verdict]);
    }
  });

  test("filterProgram fits the kernel's bounds", () => {
    expect(offline.length).toBeLessThan(4_096);
    expect(encodeProgram(offline).length).toBe(offline.length * 8);
  });
});

describe.each(["x64", "arm64"] as const)("allowProgram on %s", (arch: Architecture) => {
  const list = toolCalls(arch);
  const program = allowProgram(list, arch);
  const answer = (nr: number): number => run(program, nr, [], ARCH[arch]);

  test("allowProgram lets exactly the listed numbers through", () => {
    const allowed = Array.from({ length: list.newest + 64 }, (_, nr) => nr).filter(
      (nr) => answer(nr) === ALLOW,
    );
    expect(allowed).toEqual([...list.numbers]);
    expect(encodeProgram(program).length / 8).toBeLessThan(4_096);
  });

  test("allowProgram refuses what boxes are made of, and says of newer calls that there are none", () => {
    for (const name of ALWAYS_DENIED) {
      const nr = syscallNumber(name, arch);
      expect([name, answer(nr)]).toEqual([name, nr > list.newest ? ENOSYS : EPERM]);
    }
    expect(answer(list.newest + 1)).toBe(ENOSYS);
    expect(answer(-1 >>> 0)).toBe(ENOSYS);
    expect(run(program, syscallNumber("execve", arch), [], 0x40000003)).toBe(KILL);
  });

  test("allowProgram lets programs run: what every one of them calls is listed", () => {
    for (const name of ["execve", "clone", "wait4", "fcntl", "close", "openat", "pipe2", "kill"] as const) {
      expect([name, answer(syscallNumber(name, arch))]).toEqual([name, ALLOW]);
    }
  });
});

/** Calls that no child of ours may make, by their numbers in the kernel's own table for x86-64. */
const REFUSED_ON_X64: Readonly<Record<string, number>> = {
  mount: 165,
  umount2: 166,
  pivot_root: 155,
  chroot: 161,
  settimeofday: 164,
  acct: 163,
  swapon: 167,
  reboot: 169,
  init_module: 175,
  delete_module: 176,
  clock_settime: 227,
  kexec_load: 246,
  add_key: 248,
  request_key: 249,
  keyctl: 250,
  unshare: 272,
  perf_event_open: 298,
  open_by_handle_at: 304,
  setns: 308,
  process_vm_readv: 310,
  process_vm_writev: 311,
  kcmp: 312,
  finit_module: 313,
  kexec_file_load: 320,
  bpf: 321,
  userfaultfd: 323,
  ptrace: 101,
  io_uring_setup: 425,
  io_uring_enter: 426,
  io_uring_register: 427,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  pidfd_getfd: 438,
  process_madvise: 440,
  mount_setattr: 442,
};

test.each(Object.entries(REFUSED_ON_X64))("filterProgram refuses %s to every child", (_, nr) => {
  const program = filterProgram(firstFilter(toolPlan({ ...facts, network: true })), "x64");
  expect(run(program, nr, [], ARCH.x64)).toBe(EPERM);
});
