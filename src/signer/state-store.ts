/** What the signer keeps between runs, as a port: named entries that are on the disk when `save` returns. */
import type { Fault } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";

export interface StateStore {
  /**
   * The entry's bytes, `undefined` when there is none; a fault when it cannot be read or does not check
   * out.
   */
  load(name: string): Result<Uint8Array | undefined, Fault>;
  /** Replaces the entry; durable when it returns ok. */
  save(name: string, bytes: Uint8Array): Result<void, Fault>;
}

/** Entries in memory: for keys that live for one run, and for tests. */
export function memoryStateStore(entries: Map<string, Uint8Array> = new Map()): StateStore {
  return {
    load: (name) => ({ ok: true, value: entries.get(name) }),
    save: (name, bytes) => {
      entries.set(name, bytes.slice());
      return { ok: true, value: undefined };
    },
  };
}
