/**
 * The command that starts a launch stub in namespaces of its own. Making them needs a process with one thread, which no
 * JavaScript runtime is: `unshare` and `setpriv` of util-linux do it, by their fixed paths, before the stub starts.
 */
import { accessSync, constants, realpathSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";

const FOLDERS = ["/usr/bin", "/bin"] as const;

/** What stands before the stub's own words. */
export type Prefix = readonly [string, ...string[]];

/**
 * User, mount, process, network, IPC and host-name namespaces; the user keeps its number, and the stub, alone, the
 * rights to mount within them. The whole box ends with its first process, and that with the process that called.
 * Fails with `unsupported` where the two programs are missing.
 */
export function namespacePrefix(): Result<Prefix, Fault> {
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
    "--",
  ]);
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
