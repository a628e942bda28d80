/**
 * What an adapter keeps: sealed documents in `state/<peer>/` and downloaded files in `spool/<peer>/`.
 * The only file access of an adapter. A document is replaced as a whole: written beside, flushed, renamed,
 * and the folder flushed, so that a crash leaves the old one or the new one.
 */
import { createHash } from "node:crypto";
import { constants, promises } from "node:fs";

import { join } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { Random } from "#runtime/random.ts";
import type { Seal } from "#runtime/state-seal.ts";

const { lstat, open, readdir, rename, unlink } = promises;
const NAME = /^[a-z0-9][a-z0-9-]{0,95}$/;
const HEAD_BYTES = 16;
const SUFFIX = ".sealed";
const DOCUMENT_BYTES_MAX = 4 * 1_048_576;

/**
 * Sealed documents by name. A resolved `put` is on the disk; a caller awaits one before it puts the same
 * name again.
 */
export interface StateStore {
  /** The document, `undefined` when there is none, a fault `damaged` when it was altered. */
  get(name: string): Promise<Result<Uint8Array | undefined, Fault>>;
  put(name: string, plain: Uint8Array): Promise<Result<void, Fault>>;
  remove(name: string): Promise<Result<void, Fault>>;
  /** Names that begin with `prefix`, sorted. */
  list(prefix: string): Promise<Result<readonly string[], Fault>>;
}

export interface SpooledFile {
  readonly handle: string;
  readonly bytes: number;
  /** Lower-case hex SHA-256. */
  readonly sha256: string;
  /** The first 16 bytes, to tell what it is. */
  readonly head: Uint8Array;
}

/** Where attachments wait for the gateway, which copies, checks and unlinks them. */
export interface Spool {
  /** Writes a stream to a file with a random name; ends and removes it at `bytesMax`. */
  write(
    source: ReadableStream<Uint8Array>,
    bytesMax: number,
  ): Promise<Result<SpooledFile, "too_large" | "cut" | "io">>;
  /** Removes a file that nobody will take. */
  remove(handle: string): Promise<void>;
  /** Removes files last written before `beforeMs` (Unix milliseconds): left by a life that died with them. */
  sweep(beforeMs: number): Promise<void>;
}

/** The store in `folder`, which must exist and belong to this process alone. */
export function fileStateStore(folder: string, seal: Seal, random: Random): StateStore {
  const pathOf = (name: string): string => {
    if (!NAME.test(name))
      throw new TypeError("a state document's name is lower-case letters, digits and dashes");
    return join(folder, name + SUFFIX);
  };
  return {
    get: async (name) => {
      const sealed = await readBounded(pathOf(name));
      if (!sealed.ok || sealed.value === undefined) return sealed;
      const plain = seal.open(name, sealed.value);
      return plain.ok ? plain : fail("damaged", `the state document ${name} was altered`);
    },
    put: (name, plain) => replaceFile(folder, pathOf(name), seal.close(name, plain), random),
    remove: async (name) => {
      try {
        await unlink(pathOf(name));
        return ok(undefined);
      } catch (error) {
        return codeOf(error) === "ENOENT" ? ok(undefined) : ioFault("removed");
      }
    },
    list: async (prefix) => {
      try {
        const names = (await readdir(folder)).filter((file) => file.endsWith(SUFFIX));
        const found = names
          .map((file) => file.slice(0, -SUFFIX.length))
          .filter((name) => name.startsWith(prefix));
        return ok(found.sort());
      } catch {
        return ioFault("listed");
      }
    },
  };
}

/** The spool in `folder`, which must exist and belong to this process alone. */
export function fileSpool(folder: string, random: Random): Spool {
  return {
    write: async (source, bytesMax) => {
      const handle = Buffer.from(random.bytes(16)).toString("hex");
      const path = join(folder, handle);
      const result = await writeStream(path, source, bytesMax);
      if (!result.ok) {
        await unlink(path).catch(() => undefined); // a file that was never made needs no removal
        return result;
      }
      return ok({ handle, ...result.value });
    },
    remove: async (handle) => {
      await unlink(join(folder, handle)).catch(() => undefined); // one that is gone is what we wanted
    },
    sweep: async (beforeMs) => {
      for (const name of await readdir(folder).catch(() => [])) {
        const path = join(folder, name);
        // The gateway may take a file away at any moment: one that is gone is what we wanted.
        const facts = await lstat(path).catch(() => undefined);
        if (facts?.isFile() === true && facts.mtimeMs < beforeMs) await unlink(path).catch(() => undefined);
      }
    },
  };
}

async function writeStream(
  path: string,
  source: ReadableStream<Uint8Array>,
  bytesMax: number,
): Promise<Result<Omit<SpooledFile, "handle">, "too_large" | "cut" | "io">> {
  const reader = source.getReader();
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(
      path,
      constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW,
      0o600,
    );
  } catch {
    await reader.cancel().catch(() => undefined); // the source is of no more use either way
    return err("io");
  }
  const hash = createHash("sha256");
  let bytes = 0;
  let head = new Uint8Array(0);
  try {
    for (;;) {
      const step = await reader.read().catch(() => undefined); // a broken source is a value here: `cut`
      if (step === undefined) return err("cut");
      if (step.done) break;
      bytes += step.value.length;
      if (bytes > bytesMax) {
        await reader.cancel().catch(() => undefined); // we leave the stream; its end is of no interest
        return err("too_large");
      }
      if (head.length < HEAD_BYTES)
        head = Uint8Array.of(...head, ...step.value.subarray(0, HEAD_BYTES)).slice(0, HEAD_BYTES);
      hash.update(step.value);
      await file.writeFile(step.value);
    }
    await file.sync();
    return ok({ bytes, sha256: hash.digest("hex"), head });
  } catch {
    return err("io");
  } finally {
    await file.close();
  }
}

async function readBounded(path: string): Promise<Result<Uint8Array | undefined, Fault>> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { size } = await file.stat();
      if (size > DOCUMENT_BYTES_MAX)
        return fail("damaged", "a state document is larger than any that was written");
      return ok(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    return codeOf(error) === "ENOENT" ? ok(undefined) : ioFault("read");
  }
}

async function replaceFile(
  folder: string,
  path: string,
  bytes: Uint8Array,
  random: Random,
): Promise<Result<void, Fault>> {
  const beside = `${path}.${Buffer.from(random.bytes(6)).toString("hex")}.new`;
  try {
    const file = await open(beside, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    const directory = await open(folder, constants.O_RDONLY);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
    return ok(undefined);
  } catch {
    await unlink(beside).catch(() => undefined); // after the rename there is nothing left beside
    return ioFault("written");
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

function ioFault(verb: string): Result<never, Fault> {
  return fail("io", `a state document could not be ${verb}`, {
    hint: "check free space and the data folder's owner",
  });
}
