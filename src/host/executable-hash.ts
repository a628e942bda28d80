/** SHA-256 of a file read in pieces, and of our own executable: what `started` rows and approvals name. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { selfProgram } from "./self.ts";
import { ioFault } from "./system-error.ts";

const PIECE_BYTES = 262_144;

/** Lower-case hex SHA-256 of a regular file. Follows links: give it a real path. */
export function hashFile(path: string): Result<string, Fault> {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!fstatSync(descriptor).isFile()) {
        return fail("io", "not a regular file", { reason: "not_a_file" });
      }
      return ok(hashDescriptor(descriptor));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return err(ioFault("a file could not be hashed", error));
  }
}

/** SHA-256 of this executable: Wirken's own when compiled, Bun's from source. */
export function executableHash(): Result<string, Fault> {
  return hashFile(selfProgram().command[0]);
}

function hashDescriptor(descriptor: number): string {
  const hasher = new Bun.CryptoHasher("sha256");
  const piece = new Uint8Array(PIECE_BYTES);
  for (;;) {
    const count = readSync(descriptor, piece, 0, piece.length, null);
    if (count === 0) return hasher.digest("hex");
    hasher.update(piece.subarray(0, count));
  }
}
