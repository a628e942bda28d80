/**
 * The file view of a box: an empty root in memory in which exactly the paths of a launch plan are mounted,
 * read-only unless the plan says otherwise. Built by the launch stub within namespaces of its own, where it
 * has the rights to mount and nobody else sees it. What is not mounted has no name: no home, no vault, no
 * socket, nothing to look at, to list or to change the mode of.
 */
import { closeSync, existsSync, lstatSync, mkdirSync, openSync, readlinkSync, realpathSync } from "node:fs";
import { rmdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { type Libc, cString } from "#host/libc.ts";
import { errnoName } from "#host/syscalls.ts";
import { ioFault } from "#host/system-error.ts";
import type { BoxPlan, LaunchPlan, PathRule, Rights } from "./plan.ts";

const MS = { nosuid: 2, nodev: 4, noexec: 8, remount: 32, bind: 4_096, rec: 16_384, rdonly: 1 } as const;
const ATTRIBUTE = { rdonly: 1, nosuid: 2, nodev: 4, noexec: 8 } as const;
const AT_FDCWD = -100;
const AT_RECURSIVE = 0x8000;
const MNT_DETACH = 2;
/** Where the new root is put up, and the old one below it until the view is built. */
const STAGE = "/tmp";
const OLD = "/.old";
const ROOT_OPTIONS = "size=4m,mode=0755";
const LINKS = [
  ["/proc/self/fd", "/dev/fd"],
  ["/proc/self/fd/0", "/dev/stdin"],
  ["/proc/self/fd/1", "/dev/stdout"],
  ["/proc/self/fd/2", "/dev/stderr"],
] as const;

const ATTRIBUTES = {
  read: ATTRIBUTE.rdonly | ATTRIBUTE.nosuid | ATTRIBUTE.nodev | ATTRIBUTE.noexec,
  run: ATTRIBUTE.rdonly | ATTRIBUTE.nosuid | ATTRIBUTE.nodev,
  write: ATTRIBUTE.nosuid | ATTRIBUTE.nodev | ATTRIBUTE.noexec,
  work: ATTRIBUTE.nosuid | ATTRIBUTE.nodev,
  listen: ATTRIBUTE.nosuid | ATTRIBUTE.nodev,
  device: ATTRIBUTE.nosuid,
} as const satisfies Record<Rights, number>;

/**
 * Replaces the process's root by the view of `plan`. Must run in mount, process and user namespaces of its
 * own. Fails with `unsupported`, reason `view`, where the kernel refuses a step; the process must then end.
 */
export function enterView(libc: Libc, plan: LaunchPlan, box: BoxPlan): Result<void, Fault> {
  try {
    const sources = plan.paths.flatMap((rule) => sourceOf(rule));
    mount(libc, "tmpfs", STAGE, "tmpfs", MS.nosuid | MS.nodev, ROOT_OPTIONS);
    process.chdir(STAGE);
    mkdirSync(`.${OLD}`, { mode: 0o700 });
    checked(libc.call("pivot_root", cString("."), cString(`.${OLD}`)), "pivot_root");
    process.chdir("/");
    build(libc, sources, box);
    checked(libc.call("umount2", cString(OLD), MNT_DETACH), "umount");
    rmdirSync(OLD);
    mount(libc, "", "/", "", MS.remount | MS.bind | MS.rdonly | MS.nosuid | MS.nodev, "");
    return ok(undefined);
  } catch (error) {
    if (error instanceof Refused) {
      return fail("unsupported", `the kernel refused the box (${error.message})`, { reason: "view" });
    }
    return err(ioFault("the box could not be built", error));
  }
}

/** A rule of the plan with what stands at its path, looked at while the old root is still the root. */
interface Source {
  readonly rule: PathRule;
  /** Where the file or folder itself lies. */
  readonly real: string;
  readonly isFolder: boolean;
  /** The target, for a link in the root itself: `/bin` → `usr/bin` stays what it is. */
  readonly link: string | undefined;
}

/** What the machine lacks is left out; a folder that was made for the box and is a link ends it. */
function sourceOf(rule: PathRule): readonly Source[] {
  const stats = lstatSync(rule.path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (!stats.isSymbolicLink()) {
    return [{ rule, real: rule.path, isFolder: stats.isDirectory(), link: undefined }];
  }
  if (rule.make !== undefined) throw new Refused("a folder of the plan is a link");
  if (!existsSync(rule.path)) return [];
  const real = realpathSync(rule.path);
  const link = dirname(rule.path) === "/" ? readlinkSync(rule.path) : undefined;
  return [{ rule, real, isFolder: statSync(real).isDirectory(), link }];
}

function build(libc: Libc, sources: readonly Source[], box: BoxPlan): void {
  mkdirSync("/proc");
  mount(libc, "proc", "/proc", "proc", MS.nosuid | MS.nodev | MS.noexec, "");
  boundTasks(box.tasksMax);
  const scratch = new Map(box.scratch.map(({ path, bytesMax }) => [path, bytesMax]));
  // From the root down: what lies within another mount is put on top of it.
  const sorted = sources.filter(({ rule }) => rule.path !== "/proc");
  for (const source of sorted.sort((a, b) => (a.rule.path < b.rule.path ? -1 : 1))) {
    const bytesMax = scratch.get(source.rule.path);
    if (bytesMax === undefined) show(libc, source);
    else empty(libc, source.rule.path, bytesMax);
  }
  for (const [target, path] of LINKS) symlinkSync(target, path);
}

/** A folder in memory, open to the box alone. */
function empty(libc: Libc, path: string, bytesMax: number): void {
  mkdirSync(path, { recursive: true, mode: 0o755 });
  const inodes = Math.max(1_024, Math.ceil(bytesMax / 16_384));
  const options = `size=${bytesMax},nr_inodes=${inodes},mode=1777`;
  mount(libc, "tmpfs", path, "tmpfs", MS.nosuid | MS.nodev, options);
}

/**
 * A number that the kernel holds even root to, since 6.14; before, RLIMIT_NPROC and the guard are the
 * bound.
 */
function boundTasks(tasksMax: number): void {
  try {
    writeFileSync("/proc/sys/kernel/pid_max", String(tasksMax));
  } catch {
    return;
  }
}

/** Mounts one path of the plan at its own name. */
function show(libc: Libc, { rule, real, isFolder, link }: Source): void {
  mkdirSync(dirname(rule.path), { recursive: true, mode: 0o755 });
  if (link !== undefined) return symlinkSync(link, rule.path);
  if (isFolder) mkdirSync(rule.path, { recursive: true, mode: 0o755 });
  else closeSync(openSync(rule.path, "a", 0o644));
  mount(libc, `${OLD}${real}`, rule.path, "", MS.bind | MS.rec, "");
  restrict(libc, rule.path, ATTRIBUTES[rule.rights]);
}

function restrict(libc: Libc, path: string, set: number): void {
  const attributes = new BigUint64Array([BigInt(set), 0n, 0n, 0n]);
  const answer = libc.call(
    "mount_setattr",
    AT_FDCWD,
    cString(path),
    AT_RECURSIVE,
    attributes,
    attributes.byteLength,
  );
  checked(answer, "mount_setattr");
}

function mount(
  libc: Libc,
  source: string,
  target: string,
  type: string,
  flags: number,
  options: string,
): void {
  const answer = libc.call(
    "mount",
    cString(source),
    cString(target),
    type === "" ? 0 : cString(type),
    flags,
    options === "" ? 0 : cString(options),
  );
  checked(answer, `mount ${type}`);
}

function checked(answer: { readonly value: number; readonly errno: number }, step: string): void {
  if (answer.value < 0) throw new Refused(`${step.trim()}: ${errnoName(answer.errno)}`);
}

class Refused extends Error {}
