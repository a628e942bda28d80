/**
 * What the box role sees of the data folder: agents, and the operator's list of folders. Vault, record, states and
 * sockets are not there for it: it needs none of them, and it is the one process of ours that Landlock does not hold.
 */
import { closeSync, mkdirSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { ensureFolder } from "#host/files.ts";
import { type Libc, cString } from "#host/libc.ts";
import type { DataPaths } from "#host/paths.ts";
import { ioFault } from "#host/system-error.ts";
import { dirname, join } from "node:path";

const AT_FDCWD = -100;
const OPEN_TREE_CLONE = 1;
const AT_RECURSIVE = 0x8000;
const O_CLOEXEC = 0o2000000;
const MOVE_FROM_DESCRIPTOR = 4;
const NOSUID_NODEV = 2 | 4;

/**
 * Puts an empty folder in memory over the data folder and the two that are needed back into it. Runs in a mount
 * namespace of its own. Fails with `unsupported` where the kernel refuses; the process must then end.
 */
export function hideDataFolder(libc: Libc, paths: DataPaths): Result<void, Fault> {
  const shown = [join(paths.root, "agents"), paths.operator];
  const open: number[] = [];
  try {
    for (const path of shown) {
      const made = ensureFolder(path);
      if (!made.ok) return made;
      const flags = OPEN_TREE_CLONE | AT_RECURSIVE | O_CLOEXEC;
      const tree = libc.call("open_tree", AT_FDCWD, cString(path), flags);
      if (tree.value < 0) return refused();
      open.push(tree.value);
    }
    const options = cString("size=16m,mode=0700");
    const over = libc.call(
      "mount",
      cString("tmpfs"),
      cString(paths.root),
      cString("tmpfs"),
      NOSUID_NODEV,
      options,
    );
    if (over.value < 0) return refused();
    for (const [at, path] of shown.entries()) {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      const moved = libc.call(
        "move_mount",
        open[at] ?? -1,
        cString(""),
        AT_FDCWD,
        cString(path),
        MOVE_FROM_DESCRIPTOR,
      );
      if (moved.value < 0) return refused();
    }
    mkdirSync(dirname(paths.state("box")), { mode: 0o700 });
    return ok(undefined);
  } catch (error) {
    return err(ioFault("the data folder could not be hidden", error));
  } finally {
    for (const descriptor of open) closeSync(descriptor);
  }
}

function refused(): Result<never, Fault> {
  return fail("unsupported", "the kernel did not let the box role hide the data folder", { reason: "view" });
}
