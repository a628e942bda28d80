/** A set of ids that outlives the process, bounded: the earliest go first. */
import type { Fault } from "#contracts/fault.ts";
import { isJsonObject } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import { readDocument, writeDocument } from "#kit/json-document.ts";
import type { StateStore } from "#kit/state-store.ts";

export interface IdSet {
  has(id: string): boolean;
  /** On the disk when it resolves with success. */
  add(id: string): Promise<Result<void, Fault>>;
  readonly size: number;
}

/** Opens the set kept under `name`. */
export async function openIdSet(state: StateStore, name: string, max: number): Promise<Result<IdSet, Fault>> {
  const kept = await readDocument(state, name, (value) =>
    isJsonObject(value) && Array.isArray(value["ids"])
      ? value["ids"].filter((id) => typeof id === "string")
      : undefined,
  );
  if (!kept.ok) return kept;
  const ids = new Set(kept.value ?? []);
  let last: Promise<unknown> = Promise.resolve();
  return ok({
    has: (id) => ids.has(id),
    add: (id) => {
      ids.add(id);
      for (const oldest of ids) {
        if (ids.size <= max) break;
        ids.delete(oldest);
      }
      const written = last.then(() => writeDocument(state, name, { ids: [...ids] }));
      last = written;
      return written;
    },
    get size() {
      return ids.size;
    },
  });
}
