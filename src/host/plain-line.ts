/** One line on stdout without the stream object, whose making costs more than the whole rest of `wirken --version`. */
import { writeSync } from "node:fs";

const STDOUT = 1;

/** Writes `line` and a line feed. False when nobody reads (a closed pipe) or the disk is full. */
export function writePlainLine(line: string): boolean {
  const bytes = new TextEncoder().encode(`${line}\n`);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(STDOUT, bytes, at);
    return true;
  } catch {
    return false;
  }
}
