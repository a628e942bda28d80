/**
 * JSON documents in the state store: parsed by a function of the caller, so that nothing is believed unseen.
 */
import type { Fault } from "#contracts/fault.ts";
import type { Json } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { StateStore } from "./state-store.ts";

/**
 * Reads a document. A damaged one, or one that `parse` does not know, counts as absent: everything an
 * adapter keeps can be lost without harm, because the gateway deduplicates what comes again.
 */
export async function readDocument<T>(
  state: StateStore,
  name: string,
  parse: (value: unknown) => T | undefined,
): Promise<Result<T | undefined, Fault>> {
  const bytes = await state.get(name);
  if (!bytes.ok) return bytes.error.code === "damaged" ? ok(undefined) : bytes;
  if (bytes.value === undefined) return ok(undefined);
  try {
    return ok(parse(JSON.parse(new TextDecoder().decode(bytes.value))));
  } catch {
    return ok(undefined); // sealed by us, yet not JSON: another version wrote it
  }
}

/** Writes a document; on the disk when it resolves with success. */
export function writeDocument(state: StateStore, name: string, value: Json): Promise<Result<void, Fault>> {
  return state.put(name, new TextEncoder().encode(JSON.stringify(value)));
}
