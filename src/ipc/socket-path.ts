/** The place of the gateway's socket: short enough for the kernel, in a folder of our own, free of a dead socket. */
import { type Stats, lstatSync, statSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";

/** `sun_path` holds 108 bytes with its NUL. */
export const SOCKET_PATH_BYTES_MAX = 107;
const OTHERS = 0o077;

/** True when a socket can be made at `path`. Check the data folder with it at start, before anything is written. */
export function isSocketPathShortEnough(path: string): boolean {
  return Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX;
}

/**
 * Readies `path` for listening: refuses a long path and a folder that others may enter, and removes a socket at which
 * nobody listens any more. Anything else at that path stays and is a fault.
 */
export async function prepareSocketPath(path: string): Promise<Result<undefined, Fault>> {
  if (!isSocketPathShortEnough(path)) {
    return fail("config", "the socket's path is longer than 107 bytes", {
      reason: "socket_path_length",
      hint: "choose a shorter data folder with WIRKEN_DATA_DIR",
    });
  }
  const folder = statOf(() => statSync(dirname(path)));
  if (folder === undefined)
    return fail("io", "the socket's folder does not exist", { reason: "socket_folder" });
  if (process.platform !== "win32" && (folder.mode & OTHERS) !== 0) {
    return fail("config", "the socket's folder is open to others", { reason: "socket_folder_mode" });
  }
  const there = statOf(() => lstatSync(path)); // a link is not followed, and is no socket
  if (there === undefined) return ok(undefined);
  if (!there.isSocket()) {
    return fail("io", "something that is no socket lies at the socket's path", {
      reason: "socket_path_taken",
    });
  }
  if (await answers(path)) {
    return fail("unavailable", "another gateway listens at the socket's path", { reason: "socket_in_use" });
  }
  try {
    unlinkSync(path);
  } catch {
    return fail("io", "a dead socket cannot be removed", { reason: "socket_unlink" });
  }
  return ok(undefined);
}

async function answers(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data: () => {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

function statOf(look: () => Stats): Stats | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
