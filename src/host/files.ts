/**
 * Files of the data folder: atomic private writes, bounded reads that follow no link, folders nobody else can enter.
 * For paths that come from a model or a stranger use `beneath.ts`.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { type Random, systemRandom } from "#runtime/random.ts";
import { ioFault, systemCode } from "./system-error.ts";

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * Replaces the file at `path` with `bytes`: written beside it under a random name, flushed, renamed, folder flushed.
 * After a crash the file is the old one or the new one. Mode `mode` (default 0600).
 */
export function writeFileAtomic(
  path: string,
  bytes: Uint8Array,
  options: { readonly mode?: number; readonly random?: Random } = {},
): Result<void, Fault> {
  const random = options.random ?? systemRandom;
  const temporary = join(dirname(path), `.${Buffer.from(random.bytes(12)).toString("hex")}.tmp`);
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const descriptor = openSync(temporary, flags, PRIVATE_FILE);
    try {
      writeFully(descriptor, bytes);
      fchmodSync(descriptor, options.mode ?? PRIVATE_FILE);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    return err(ioFault("a file could not be written", error));
  }
  syncFolder(dirname(path));
  return ok(undefined);
}

/**
 * Reads a regular file of at most `bytesMax` bytes. The last component is not followed when it is a link, and a FIFO
 * or device is refused without waiting for it.
 */
export function readFileBounded(path: string, bytesMax: number): Result<Uint8Array<ArrayBuffer>, Fault> {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return readDescriptor(descriptor, bytesMax);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (systemCode(error) === "ENOENT") return fail("not_found", "there is no such file");
    return err(ioFault("a file could not be read", error));
  }
}

/** Reads an open descriptor from its start. Fails with `limit` above `bytesMax`, with `io` unless a regular file. */
export function readDescriptor(descriptor: number, bytesMax: number): Result<Uint8Array<ArrayBuffer>, Fault> {
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) return fail("io", "not a regular file", { reason: "not_a_file" });
  if (stats.size > bytesMax) return fail("limit", `the file is larger than ${bytesMax} bytes`);
  // One byte more than allowed: a file that grew since fstat is seen, and files of /proc (size 0) are read at all.
  const room = new Uint8Array(Math.min(bytesMax, Math.max(stats.size, 65_536)) + 1);
  let length = 0;
  while (length < room.length) {
    const count = readSync(descriptor, room, length, room.length - length, length);
    if (count === 0) return ok(room.slice(0, length));
    length += count;
  }
  return fail("limit", `the file is larger than ${room.length - 1} bytes`);
}

/**
 * Makes sure that `path` is a folder of this user with mode 0700, making it and missing folders above it.
 * Refuses a link, a foreign owner, and a parent in which others could swap it: foreign-owned (root excepted), or
 * writable for group or others without the sticky bit.
 */
export function ensureFolder(path: string): Result<void, Fault> {
  try {
    const missing: string[] = [];
    let existing = path;
    while (statsOf(existing) === undefined) {
      missing.unshift(existing);
      if (dirname(existing) === existing) return fail("io", "the folder has no existing parent");
      existing = dirname(existing);
    }
    const parent = checkParent(missing.length === 0 ? dirname(path) : existing);
    if (!parent.ok) return parent;
    for (const folder of missing) mkdirSync(folder, { mode: PRIVATE_FOLDER });
    return checkOwn(path);
  } catch (error) {
    return err(ioFault("a folder could not be made", error));
  }
}

/** Makes an empty private file where there is none, so that a confined process can be granted exactly it. */
export function ensureFile(path: string): Result<void, Fault> {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, PRIVATE_FILE));
    return ok(undefined);
  } catch (error) {
    return err(ioFault("a file could not be made", error));
  }
}

/** Writes all of `bytes`, however often the system takes less. */
export function writeFully(descriptor: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(descriptor, bytes, done, bytes.length - done);
}

function checkParent(path: string): Result<void, Fault> {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) {
    return fail("io", "a parent of the folder is not a plain folder", { reason: "parent_link" });
  }
  const others = (stats.mode & OTHERS_WRITE) !== 0 && (stats.mode & STICKY) === 0;
  if (others) {
    return fail("config", "the folder's parent can be written by others", {
      reason: "parent_writable",
      hint: "chmod go-w the parent folder, or choose another with WIRKEN_DATA_DIR",
    });
  }
  if (stats.uid !== 0 && !isOwn(stats)) {
    return fail("config", "the folder's parent belongs to another user", { reason: "parent_foreign" });
  }
  return ok(undefined);
}

function checkOwn(path: string): Result<void, Fault> {
  const stats = lstatSync(path);
  if (!stats.isDirectory())
    return fail("config", "the folder is a link or a file", { reason: "not_a_folder" });
  if (!isOwn(stats)) return fail("config", "the folder belongs to another user", { reason: "foreign" });
  if ((stats.mode & 0o077) !== 0) chmodSync(path, PRIVATE_FOLDER);
  return ok(undefined);
}

function isOwn(stats: Stats): boolean {
  return process.getuid === undefined || stats.uid === process.getuid();
}

function statsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** A rename is on the disk once its folder is. A file system that cannot flush a folder keeps its own order. */
export function syncFolder(path: string): void {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return;
  }
}

function discard(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    return;
  }
}
