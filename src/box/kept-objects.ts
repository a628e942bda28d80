/**
 * Bytes by their SHA-256, one file each, in a folder that no box sees: what undo needs. What the present state of the
 * agent's folders needs is never dropped; of the rest the oldest goes first.
 */
import { closeSync, constants, fstatSync, openSync, readSync, readdirSync, renameSync } from "node:fs";
import { statSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { ensureFolder, readFileBounded, writeFileAtomic } from "#host/files.ts";
import { ioFault } from "#host/system-error.ts";

const HASH = /^[0-9a-f]{64}$/;
const CHUNK_BYTES = 1_048_576;
const PRIVATE_FILE = 0o600;

export class KeptObjects {
  readonly #folder: string;
  #temporary = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens the folder, making it when needed. */
  static open(folder: string): Result<KeptObjects, Fault> {
    const made = ensureFolder(folder);
    return made.ok ? ok(new KeptObjects(folder)) : made;
  }

  /** Copies a plain file of at most `bytesMax` bytes; `at` is not followed when it is a link. */
  keepFile(at: string, bytesMax: number): Result<string, Fault> {
    this.#temporary += 1;
    const temporary = join(this.#folder, `.${process.pid}-${this.#temporary}`);
    try {
      const source = openSync(at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        if (!fstatSync(source).isFile()) return fail("io", "not a plain file");
        const sha256 = copy(source, temporary, bytesMax);
        if (sha256 === undefined) return fail("limit", "the file is too large to be kept");
        renameSync(temporary, this.pathOf(sha256));
        return ok(sha256);
      } finally {
        closeSync(source);
      }
    } catch (error) {
      return err(ioFault("a file could not be kept", error));
    } finally {
      discard(temporary);
    }
  }

  /** Keeps bytes, flushed when it returns. */
  keepBytes(bytes: Uint8Array): Result<string, Fault> {
    const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    const written = writeFileAtomic(this.pathOf(sha256), bytes);
    return written.ok ? ok(sha256) : written;
  }

  /** Kept bytes; `not_found` when they were pushed out, `damaged` when they are not what their name says. */
  read(sha256: string, bytesMax: number): Result<Uint8Array<ArrayBuffer>, Fault> {
    if (!HASH.test(sha256)) return fail("damaged", "not the name of a kept file");
    const bytes = readFileBounded(this.pathOf(sha256), bytesMax);
    if (!bytes.ok) return bytes;
    const same = new Bun.CryptoHasher("sha256").update(bytes.value).digest("hex") === sha256;
    return same ? bytes : fail("damaged", "a kept file does not have its hash");
  }

  has(sha256: string): boolean {
    return statSync(this.pathOf(sha256), { throwIfNoEntry: false }) !== undefined;
  }

  /** Drops the oldest of what is not in `needed` until that takes at most `bytesMax`. */
  prune(needed: ReadonlySet<string>, bytesMax: number): void {
    const spare = readdirSync(this.#folder)
      .filter((name) => !needed.has(name))
      .flatMap((name) => {
        const stats = statSync(join(this.#folder, name), { throwIfNoEntry: false });
        return stats === undefined ? [] : [{ name, bytes: stats.size, age: stats.mtimeMs }];
      })
      .sort((a, b) => a.age - b.age);
    let total = spare.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { name, bytes } of spare) {
      if (total <= bytesMax) return;
      discard(join(this.#folder, name));
      total -= bytes;
    }
  }

  /** Where an object of this name lies. */
  pathOf(sha256: string): string {
    return join(this.#folder, sha256);
  }
}

/** Copies and hashes in one pass; `undefined` beyond `bytesMax`. */
function copy(source: number, path: string, bytesMax: number): string | undefined {
  const target = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, PRIVATE_FILE);
  try {
    const hasher = new Bun.CryptoHasher("sha256");
    const chunk = new Uint8Array(CHUNK_BYTES);
    let total = 0;
    for (;;) {
      const count = readSync(source, chunk, 0, chunk.length, null);
      if (count === 0) return hasher.digest("hex");
      total += count;
      if (total > bytesMax) return undefined;
      const piece = chunk.subarray(0, count);
      hasher.update(piece);
      for (let done = 0; done < count; ) done += writeSync(target, piece, done, count - done);
    }
  } finally {
    closeSync(target);
  }
}

function discard(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    return; // renamed away, or never made
  }
}
