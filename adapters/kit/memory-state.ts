/**
 * A state folder and a spool in memory, for tests. They outlive the adapter that uses them, as a disk does.
 */
import { createHash } from "node:crypto";
import { err, ok } from "#contracts/result.ts";
import type { Spool, StateStore } from "./state-store.ts";

/** A disk that a test can look at. */
export interface MemoryDisk {
  readonly documents: Map<string, Uint8Array>;
  readonly files: Map<string, Uint8Array>;
}

export function memoryDisk(): MemoryDisk {
  return { documents: new Map(), files: new Map() };
}

/**
 * The store over `disk`. While `frozen()` holds, nothing is written and no call returns: the process is
 * dead.
 */
export function memoryState(disk: MemoryDisk, frozen: () => boolean = () => false): StateStore {
  const alive = async (): Promise<void> => {
    await Promise.resolve();
    if (frozen()) await new Promise(() => undefined);
  };
  return {
    get: async (name) => {
      await alive();
      return ok(disk.documents.get(name));
    },
    put: async (name, plain) => {
      await alive();
      disk.documents.set(name, plain.slice());
      return ok(undefined);
    },
    remove: async (name) => {
      await alive();
      disk.documents.delete(name);
      return ok(undefined);
    },
    list: async (prefix) => {
      await alive();
      return ok([...disk.documents.keys()].filter((name) => name.startsWith(prefix)).sort());
    },
  };
}

/** The spool over `disk`. */
export function memorySpool(disk: MemoryDisk): Spool {
  return {
    write: async (source, bytesMax) => {
      const pieces: Uint8Array[] = [];
      let bytes = 0;
      try {
        for await (const piece of source) {
          bytes += piece.length;
          if (bytes > bytesMax) return err("too_large");
          pieces.push(piece);
        }
      } catch {
        return err("cut");
      }
      const content = new Uint8Array(Buffer.concat(pieces));
      const handle = `file${disk.files.size}`;
      disk.files.set(handle, content);
      const sha256 = createHash("sha256").update(content).digest("hex");
      return ok({ handle, bytes, sha256, head: content.slice(0, 16) });
    },
    remove: (handle) => {
      disk.files.delete(handle);
      return Promise.resolve();
    },
    sweep: () => Promise.resolve(),
  };
}
