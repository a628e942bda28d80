/** What confines a process, mechanism by mechanism: for status, doctor and `confinement` rows. */
import { readFileSync, statSync } from "node:fs";
import type { Wall } from "#contracts/keeper-link.ts";
import { type Libc, loadLibc } from "#host/libc.ts";
import { landlockAbi } from "./landlock.ts";
import { hasSeccomp } from "./seccomp.ts";

export interface SystemSupport {
  readonly platform: string;
  /** 0 where there is no Landlock. */
  readonly landlockAbi: number;
  readonly seccomp: boolean;
}

/** What this machine can enforce. */
export function systemSupport(libc: Libc | undefined = loadLibc()): SystemSupport {
  return {
    platform: process.platform,
    landlockAbi: libc === undefined ? 0 : landlockAbi(libc),
    seccomp: libc !== undefined && hasSeccomp(libc),
  };
}

/** Mechanisms that this machine lacks, for people; empty where every plan can be enforced. */
export function missingMechanisms(support: SystemSupport = systemSupport()): readonly string[] {
  if (support.platform === "darwin") return []; // roles are started under a profile of the same plans
  if (support.platform !== "linux") return ["way to confine a process"];
  return [
    ...(support.landlockAbi > 0 ? [] : ["Landlock (Linux 5.13, in the kernel's lsm list)"]),
    ...(support.seccomp ? [] : ["seccomp (CONFIG_SECCOMP_FILTER)"]),
  ];
}

const NAMES = [
  "no_new_privileges",
  "seccomp",
  "landlock",
  "no_capabilities",
  "closed_memory",
  "limits",
] as const;

/**
 * What is in force for process `pid`, as the kernel shows it. Two things it does not show: Landlock of any
 * process, and to root whether a memory is closed. Both are told from `throughStub`, that we started it
 * through the launch stub: the stub ends the start where a kernel that has Landlock refuses it, and so does
 * the role's second stage for its memory.
 */
export function confinementOf(
  pid: number | "self",
  throughStub: boolean,
  support: SystemSupport = systemSupport(),
): readonly Wall[] {
  if (support.platform !== "linux") {
    return NAMES.map((name) => ({ name, inForce: false, detail: "this system has no launch stub" }));
  }
  const status = readStatus(pid);
  const filters = filtersBeyond(status, readStatus("self"));
  const { landlockAbi: abi } = support;
  const closed = status("Uid") === "0" ? throughStub : ownerOf(pid) === 0;
  const limits = limitsOf(pid);
  return [
    wall("no_new_privileges", status("NoNewPrivs") === "1", "", "not set"),
    wall(
      "seccomp",
      status("Seccomp") === "2" && filters !== 0,
      filters === 1 ? "1 filter" : `${filters ?? "some"} filters`,
      support.seccomp ? "no filter" : "not in this kernel",
    ),
    wall(
      "landlock",
      throughStub && abi > 0,
      landlockDetail(abi),
      abi === 0 ? "not in this kernel" : "not started through the stub",
    ),
    wall("no_capabilities", /^0+$/.test(status("CapPrm") ?? "1"), "", "it holds some"),
    wall("closed_memory", closed, "not dumpable", "others of the same user can read it"),
    wall(
      "limits",
      limits.core === "0",
      `no core dump, ${limits.files} open files`,
      "core dumps are possible",
    ),
  ];
}

/**
 * Filters that a process has and we do not: what a container put on both of us is not what we claim.
 * `undefined` on kernels before 5.9, which do not count them.
 */
function filtersBeyond(process: StatusOf, own: StatusOf): number | undefined {
  const [all, inherited] = [process("Seccomp_filters"), own("Seccomp_filters")];
  return all === undefined ? undefined : Number(all) - Number(inherited ?? 0);
}

function landlockDetail(abi: number): string {
  const lacks = [abi < 4 ? "ports" : "", abi < 6 ? "signals" : ""].filter((word) => word !== "");
  return lacks.length === 0 ? `ABI ${abi}` : `ABI ${abi}, no ${lacks.join(", no ")}`;
}

function wall(name: string, inForce: boolean, how: string, why: string): Wall {
  return { name, inForce, detail: inForce ? how : why };
}

type StatusOf = (name: string) => string | undefined;

/** Reads the kernel's account of a process once; answers the first word behind a name. */
function readStatus(pid: number | "self"): StatusOf {
  const text = textOf(`/proc/${pid}/status`);
  return (name) => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(text)?.[1];
}

/** Soft limits; `unknown` where the process is gone. */
function limitsOf(pid: number | "self"): { readonly core: string; readonly files: string } {
  const text = textOf(`/proc/${pid}/limits`);
  const soft = (name: string): string =>
    new RegExp(`^${name}\\s{2,}(\\S+)`, "m").exec(text)?.[1] ?? "unknown";
  return { core: soft("Max core file size"), files: soft("Max open files") };
}

/** Who owns a process's folder in /proc: root, where its memory is closed, whoever runs it. */
function ownerOf(pid: number | "self"): number | undefined {
  return statSync(`/proc/${pid}/stat`, { throwIfNoEntry: false })?.uid;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // a process that is gone
  }
}
