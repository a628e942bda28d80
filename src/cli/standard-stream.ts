/**
 * The terminal's two streams, written at once and whole. The runtime's own streams keep what a pipe does not take in
 * memory, and the end of the process loses it: `wirken audit log --json | jq` would read half a record.
 */
import { writeSync } from "node:fs";

export const STDOUT = 1;
export const STDERR = 2;
/** A reader that is slow, on a pipe that another program set to not block, is waited for in steps of this. */
const WAIT_MS = 2;

/** Writes all of `text` to a descriptor. What nobody reads any longer is dropped. */
export function writeWhole(descriptor: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(descriptor, bytes, done, bytes.length - done);
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") return; // EPIPE: `… | head` has read enough
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
