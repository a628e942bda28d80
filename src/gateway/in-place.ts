/**
 * Writes a file that stands alone in the gateway's plan: its folder is not ours to write, so no other file can be put
 * beside it and renamed. The bytes are flushed before the length is cut.
 */
import { closeSync, constants, fsyncSync, ftruncateSync, openSync } from "node:fs";
import type { Fault } from "#contracts/fault.ts";
import { err, ok, type Result } from "#contracts/result.ts";
import { writeFileAtomic, writeFully } from "#host/files.ts";
import { ioFault } from "#host/system-error.ts";

/** Replaces the file's bytes: atomically where the folder allows it, else in place. */
export function replaceFile(path: string, bytes: Uint8Array): Result<void, Fault> {
  const atomic = writeFileAtomic(path, bytes);
  if (atomic.ok) return atomic;
  try {
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW);
    try {
      writeFully(descriptor, bytes);
      fsyncSync(descriptor);
      ftruncateSync(descriptor, bytes.byteLength);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    return ok(undefined);
  } catch (error) {
    return err(ioFault("a file could not be written", error));
  }
}
