/**
 * What a program needs of the machine itself, as data: read-only, without homes, run-time sockets or
 * secrets.
 */
import type { Self } from "#host/self.ts";
import type { PathRule } from "./plan.ts";

/** Names below /etc that programs read. Not the folder: it holds shadow files and host keys. */
const ETC_NAMES = [
  "alternatives",
  "ca-certificates",
  "ca-certificates.conf",
  "debian_version",
  "fonts",
  "gai.conf",
  "group",
  "host.conf",
  "hosts",
  "inputrc",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "ld-musl-x86_64.path",
  "locale.alias",
  "localtime",
  "magic",
  "mime.types",
  "nsswitch.conf",
  "os-release",
  "passwd",
  "pki/tls",
  "pki/ca-trust",
  "protocols",
  "resolv.conf",
  "services",
  "ssl/certs",
  "ssl/cert.pem",
  "ssl/openssl.cnf",
  "terminfo",
  "timezone",
] as const;

const PROGRAM_FOLDERS = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] as const;
const DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"] as const;

/**
 * System rules for every plan: programs and libraries, the public part of /etc, harmless devices, the
 * kernel's view of processors. /proc is read-only: what a process of ours would leak there is closed by
 * Landlock's ptrace rule and by PR_SET_DUMPABLE.
 */
export const SYSTEM_RULES: readonly PathRule[] = [
  ...PROGRAM_FOLDERS.map((path) => ({ path, rights: "run" }) as const),
  ...ETC_NAMES.map((name) => ({ path: `/etc/${name}`, rights: "read" }) as const),
  ...DEVICES.map((path) => ({ path, rights: "device" }) as const),
  { path: "/proc", rights: "read" },
  { path: "/sys/devices/system/cpu", rights: "read" },
  { path: "/sys/fs/cgroup", rights: "read" },
  { path: "/run/systemd/resolve/resolv.conf", rights: "read" },
  { path: "/run/systemd/resolve/stub-resolv.conf", rights: "read" },
];

/** Our own executable, or Bun and the sources. */
export function selfRules(self: Self): readonly PathRule[] {
  const program: PathRule = { path: self.command[0], rights: "run" };
  return self.sourceRoot === undefined ? [program] : [program, { path: self.sourceRoot, rights: "read" }];
}
