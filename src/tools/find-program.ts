/** Where a command's program lies, and which file it is: real path and hash, bound to the approval. */
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ExecutableIdentity } from "#contracts/action.ts";
import { SYSTEM_PATH } from "#host/env.ts";
import { hashFile } from "#host/executable-hash.ts";

/** Finds `name` as a shell would: a path from `cwd`, or a name on the fixed system path. */
export function findProgram(name: string, cwd: string): ExecutableIdentity | undefined {
  const places = name.includes("/")
    ? [resolve(cwd, name)]
    : SYSTEM_PATH.split(":").map((at) => join(at, name));
  for (const place of places) {
    const path = executable(place);
    if (path === undefined) continue;
    const sha256 = hashFile(path);
    if (sha256.ok) return { path, sha256: sha256.value };
  }
  return undefined;
}

/** True when the same file still lies there. */
export function isSameProgram(identity: ExecutableIdentity): boolean {
  const path = executable(identity.path);
  if (path !== identity.path) return false;
  const sha256 = hashFile(path);
  return sha256.ok && sha256.value === identity.sha256;
}

function executable(place: string): string | undefined {
  try {
    const path = realpathSync(place);
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}
