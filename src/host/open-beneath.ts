/**
 * Opening a path beneath a folder without following a link. Two ways with one contract: the kernel's own resolution
 * (openat2 with RESOLVE_BENEATH, NO_SYMLINKS and NO_MAGICLINKS), and a walk that looks at each component. The walk has
 * a window in which a component can be swapped by another process of the same user; it is used where there is no
 * openat2.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync } from "node:fs";
import { join } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { Libc } from "./libc.ts";
import type { RelativePath } from "./relative-path.ts";
import { cString } from "./libc.ts";
import { ERRNO, errnoName } from "./syscalls.ts";
import { ioFault, systemCode } from "./system-error.ts";

export interface OpenBeneath {
  /** Opens an existing file or folder. The caller closes the descriptor. */
  open(path: RelativePath, flags: number): Result<number, Fault>;
  /** A path that names what an open folder's descriptor names, for calls that take no descriptor. */
  readonly reach: (descriptor: number) => string;
}

const RESOLVE = 0x08 | 0x04 | 0x02; // BENEATH, NO_SYMLINKS, NO_MAGICLINKS
const O_CLOEXEC = 0o2000000;
const RETRIES = 16;

/** The kernel resolves. */
export function kernelOpener(libc: Libc, root: number): OpenBeneath {
  return {
    open: (path, flags) => {
      const how = new BigUint64Array([BigInt(flags | O_CLOEXEC), 0n, BigInt(RESOLVE)]);
      for (let attempt = 0; ; attempt++) {
        const answer = libc.call("openat2", root, cString(path.text), how, 24);
        if (answer.value >= 0) return ok(answer.value);
        // EAGAIN: something was renamed during the resolution and the kernel could not be sure.
        const again = answer.errno === ERRNO.EAGAIN || answer.errno === ERRNO.EINTR;
        if (!again || attempt >= RETRIES) return refusal(answer.errno);
      }
    },
    reach: (descriptor) => `/proc/self/fd/${descriptor}`,
  };
}

/** Each component is looked at before it is used, and the result is compared with what was looked at. */
export function walkingOpener(root: number, rootPath: string): OpenBeneath {
  const paths = new Map<number, string>([[root, rootPath]]);
  return {
    open: (path, flags) => {
      let at = rootPath;
      try {
        for (const component of path.components) {
          at = join(at, component);
          if (lstatSync(at).isSymbolicLink()) return refusal(ERRNO.ELOOP);
        }
        const seen = lstatSync(at);
        const descriptor = openSync(at, flags | constants.O_NOFOLLOW);
        const opened = fstatSync(descriptor);
        if (opened.ino !== seen.ino || opened.dev !== seen.dev) {
          closeSync(descriptor);
          return refusal(ERRNO.EAGAIN);
        }
        paths.set(descriptor, at);
        return ok(descriptor);
      } catch (error) {
        if (systemCode(error) === "ENOENT") return refusal(ERRNO.ENOENT);
        return err(ioFault("the file could not be opened", error));
      }
    },
    reach: (descriptor) => paths.get(descriptor) ?? rootPath,
  };
}

function refusal(errno: number): Result<never, Fault> {
  const reason = errnoName(errno);
  if (errno === ERRNO.ENOENT) return fail("not_found", "there is no such file or folder", { reason });
  if (errno === ERRNO.ELOOP) return fail("refused", "the path goes through a link", { reason: "link" });
  if (errno === ERRNO.EXDEV) return fail("refused", "the path leaves the workspace", { reason: "path" });
  if (errno === ERRNO.ENOTDIR) return fail("refused", "a part of the path is not a folder", { reason });
  return fail("io", `the file could not be opened (${reason})`, { reason });
}
