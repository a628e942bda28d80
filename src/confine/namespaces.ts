/**
 * The command that starts a launch stub in namespaces of its own. Making them needs a process with one
 * thread, which no JavaScript runtime is: `unshare` and `setpriv` of util-linux do it, by their fixed
 * paths, before the stub starts.
 */
import { accessSync, constants, realpathSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";

const FOLDERS = ["/usr/bin", "/bin"] as const;

/** What stands before the stub's own words. */
export type Prefix = readonly [string, ...string[]];

/**
 * Namespaces of users, mounts, processes, network, IPC and host name. The user keeps its number; the
 * program that is started has, until it gives them up, the rights to mount within them, and is their first
 * process: when it ends the kernel ends the rest, and it ends with the process that called. `proc`: it
 * begins with a /proc of its own. Fails with `unsupported` where the two programs are missing.
 */
export function namespacePrefix(proc: "own proc" | "no proc"): Result<Prefix, Fault> {
  const unshare = programAt("unshare");
  const setpriv = programAt("setpriv");
  if (unshare === undefined || setpriv === undefined) {
    return fail("unsupported", "the box needs `unshare` and `setpriv` of util-linux", {
      reason: "util_linux",
    });
  }
  return ok([
    setpriv,
    "--pdeathsig",
    "KILL",
    "--",
    unshare,
    "--user",
    "--map-current-user",
    "--keep-caps",
    "--mount",
    "--pid",
    "--net",
    "--ipc",
    "--uts",
    "--fork",
    "--kill-child=KILL",
    ...(proc === "own proc" ? ["--mount-proc"] : []),
    "--",
  ]);
}

/**
 * The command that starts a launch stub in an empty network, with the rights over that alone until the stub
 * gives them up. The user has no number there: to write one down takes rights over /proc that a confined
 * parent does not have. A role of ours is not put into such a namespace: whoever owns one may read the
 * memory of what runs in it. Makes both namespaces by one call, the only one that `FilterPlan.networks`
 * lets through. Fails with `unsupported` where the program is missing.
 */
export function networkPrefix(): Result<Prefix, Fault> {
  const unshare = programAt("unshare");
  if (unshare === undefined) {
    return fail("unsupported", "networks of their own need `unshare` of util-linux", {
      reason: "util_linux",
    });
  }
  return ok([unshare, "--user", "--net", "--keep-caps", "--"]);
}

function programAt(name: string): string | undefined {
  for (const folder of FOLDERS) {
    try {
      const path = realpathSync(`${folder}/${name}`);
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue; // the other folder
    }
  }
  return undefined;
}
