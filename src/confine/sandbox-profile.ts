/**
 * A launch plan as a profile of macOS's `sandbox-exec` (SBPL, version 1): everything is denied but what the
 * plan names and what any process needs to start. Pure, so a test can read every profile. Where confinement
 * is required on macOS a role is started under it; what is then in force we cannot see from outside, and
 * claim nothing of it.
 */
import type { LaunchPlan, PathRule, Rights } from "./plan.ts";

export const SANDBOX_EXEC = "/usr/bin/sandbox-exec";

/** What a process needs before its first line: the loader's files, the system's clock and limits, itself. */
const ALWAYS = [
  "(version 1)",
  "(deny default)",
  "(allow sysctl-read)",
  "(allow file-read-metadata)",
  "(allow signal (target self))",
  '(allow file-read* (subpath "/System") (subpath "/Library/Apple") (subpath "/private/var/db/timezone"))',
  '(allow file-map-executable (subpath "/System") (subpath "/usr/lib"))',
  '(allow file-read* file-write-data file-ioctl (literal "/dev/null") (literal "/dev/dtracehelper"))',
] as const;

const OPERATIONS = {
  read: "file-read*",
  run: "file-read* file-map-executable process-exec",
  write: "file-read* file-write*",
  work: "file-read* file-write* file-map-executable process-exec",
  listen: "file-read* file-write* network-bind",
  device: "file-read* file-write-data file-ioctl",
} as const satisfies Record<Rights, string>;

/** Names are resolved by a service of the system, behind this socket. */
const RESOLVER = "/private/var/run/mDNSResponder";

/** The profile of a plan, one rule a line. */
export function sandboxProfile(plan: LaunchPlan): string {
  return [
    ...ALWAYS,
    ...(plan.startsPrograms ? ["(allow process-fork)"] : []),
    ...plan.paths.map(pathRule),
    ...networkRules(plan),
    "",
  ].join("\n");
}

function pathRule({ path, rights }: PathRule): string {
  return `(allow ${OPERATIONS[rights]} (subpath ${quoted(path)}))`;
}

function networkRules({ network, dial, unixSockets }: LaunchPlan): readonly string[] {
  const { connect, bind, sockets } = network;
  const way = dial === undefined ? [] : [`(allow network-outbound (literal ${quoted(dial)}))`];
  const door = unixSockets === "listen" ? ["(allow network-inbound (local unix-socket))"] : [];
  if (sockets === "none") return [...way, ...door];
  const outward = connect === "any" ? ["(allow network-outbound (remote ip))"] : connect.map(outTo);
  const inward = bind === "any" ? ["(allow network-bind network-inbound (local ip))"] : bind.map(inAt);
  const names = outward.length === 0 ? [] : [`(allow network-outbound (literal ${quoted(RESOLVER)}))`];
  return [...way, ...door, ...outward, ...inward, ...names];
}

function outTo(port: number): string {
  return `(allow network-outbound (remote tcp "*:${String(port)}"))`;
}

function inAt(port: number): string {
  return `(allow network-bind network-inbound (local tcp "localhost:${String(port)}"))`;
}

/**
 * A string of the profile's language. @throws TypeError for a line break or NUL, which a path of ours never
 * holds.
 */
function quoted(text: string): string {
  if (/[\0\n\r]/.test(text)) throw new TypeError("a control character in a launch plan's path");
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
