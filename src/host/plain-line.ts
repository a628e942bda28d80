/**
 * One line on stdout without the stream object and without `node:fs`: making either costs more than the whole rest of
 * `wirken --version`.
 */

/** Writes `line` and a line feed. False when nobody reads (a closed pipe) or the disk is full. */
export async function writePlainLine(line: string): Promise<boolean> {
  try {
    await Bun.write(Bun.stdout, `${line}\n`);
    return true;
  } catch {
    return false;
  }
}
