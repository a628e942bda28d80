/**
 * Events of a platform that says each of them once and takes no acknowledgement. They are on the disk, sealed, before
 * anything is done with them, and leave it when the gateway has them: a death in between costs nothing. Events that
 * come together are one document, so that a rush costs one write and not hundreds.
 */
import type { Fault } from "#contracts/fault.ts";
import { isJsonObject } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import { readDocument, writeDocument } from "./json-document.ts";
import type { StateStore } from "./state-store.ts";

const PREFIX = "event-";
const ORDER_DIGITS = 15;

/** Events that came together. */
export interface KeptEvents {
  /** Grows by one with every batch, also over restarts while some are left. */
  readonly order: number;
  /** As the platform wrote them. */
  readonly events: readonly string[];
  /** The platform's position after them; empty where it has none. */
  readonly position: string;
}

export interface InboundJournal {
  /** What an earlier life had not handed on to its end, in order. */
  readonly left: readonly KeptEvents[];
  /** Writes events down; on the disk when it resolves with success. One call at a time. */
  keep(events: readonly string[], position: string): Promise<Result<KeptEvents, Fault>>;
  /** Forgets events that the gateway has. */
  drop(kept: KeptEvents): Promise<Result<void, Fault>>;
}

/** Reads the journal of an earlier life. A damaged document is removed: nothing is known of what it held. */
export async function openInboundJournal(state: StateStore): Promise<Result<InboundJournal, Fault>> {
  const names = await state.list(PREFIX);
  if (!names.ok) return names;
  const left: KeptEvents[] = [];
  for (const name of names.value) {
    const order = Number(name.slice(PREFIX.length));
    const kept = await readDocument(state, name, (value) => parseKept(value, order));
    if (!kept.ok) return kept;
    if (kept.value === undefined) await state.remove(name);
    else left.push(kept.value);
  }
  let last = left.at(-1)?.order ?? 0;
  return ok({
    left,
    keep: async (events, position) => {
      const order = ++last;
      const written = await writeDocument(state, nameOf(order), { events, position });
      return written.ok ? ok({ order, events, position }) : written;
    },
    drop: ({ order }) => state.remove(nameOf(order)),
  });
}

function nameOf(order: number): string {
  return PREFIX + String(order).padStart(ORDER_DIGITS, "0");
}

function parseKept(value: unknown, order: number): KeptEvents | undefined {
  if (!isJsonObject(value) || !Number.isSafeInteger(order)) return undefined;
  const { events, position } = value;
  if (!Array.isArray(events) || typeof position !== "string") return undefined;
  const texts = events.filter((event) => typeof event === "string");
  return texts.length === events.length ? { order, events: texts, position } : undefined;
}
