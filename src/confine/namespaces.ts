/**
 * The command that starts a launch stub in namespaces of its own. Making them needs a process with one thread, which no
 * JavaScript runtime is: `unshare` and `setpriv` of util-linux do it, by their fixed paths, before the stub starts.
 */
import { accessSync, constants, realpathSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { spawnChild } from "#host/spawn.ts";

const FOLDERS = ["/usr/bin", "/bin"] as const;

/** What stands before the stub's own words. */
export type Prefix = readonly [string, ...string[]];

/**
 * Namespaces of users, mounts, processes, network, IPC and host name. The user keeps its number; the program that is
 * started has, until it gives them up, the rights to mount within them, and is their first process: when it ends the
 * kernel ends the rest, and it ends with the process that called. `proc`: it begins with a /proc of its own.
 * Fails with `unsupported` where the two programs are missing.
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
 * The command that starts a launch stub in a user namespace alone, with the rights over it until the stub gives up what
 * its plan does not name. What runs there can make networks and put its children into them. Fails with `unsupported`
 * where the program is missing or the system lets nobody make such a namespace.
 */
export async function userPrefix(): Promise<Result<Prefix, Fault>> {
  const unshare = programAt("unshare");
  if (unshare === undefined) {
    return fail("unsupported", "networks of their own need `unshare` of util-linux", {
      reason: "util_linux",
    });
  }
  const prefix = [unshare, "--user", "--map-current-user", "--keep-caps"] as const;
  const tried = spawnChild({ argv: [...prefix, "--net", "--", unshare, "--version"], env: {}, cwd: "/" });
  const status = tried.ok ? await tried.value.exited : undefined;
  if (status?.code !== 0) {
    return fail("unsupported", "this system lets nobody make a namespace", { reason: "user_namespaces" });
  }
  return ok([...prefix, "--"]);
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
