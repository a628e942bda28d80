/**
 * How far a platform's stream of events has been handed on. The cursor moves only over events that the
 * gateway has durably, so a crash makes the platform send the rest again and the gateway drops what it
 * already has.
 */
import type { Fault } from "#contracts/fault.ts";
import { isJsonObject } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import { readDocument, writeDocument } from "./json-document.ts";
import type { StateStore } from "./state-store.ts";

/** A durable position. */
export interface Cursor {
  /** The platform's token or number as text; empty at the very beginning. */
  readonly value: string;
  /** Moves it; when it resolves with success, this place or a later one is on the disk. */
  move(to: string): Promise<Result<void, Fault>>;
}

/** Opens the cursor kept under `name`. */
export async function openCursor(state: StateStore, name: string): Promise<Result<Cursor, Fault>> {
  const stored = await readDocument(state, name, (value) =>
    isJsonObject(value) && typeof value["at"] === "string" ? value["at"] : undefined,
  );
  if (!stored.ok) return stored;
  let value = stored.value ?? "";
  let last: Promise<unknown> = Promise.resolve();
  let waiting: { to: string; readonly written: Promise<Result<void, Fault>> } | undefined;
  const write = async (): Promise<Result<void, Fault>> => {
    const to = waiting?.to ?? value;
    waiting = undefined;
    if (to === value) return ok(undefined);
    const written = await writeDocument(state, name, { at: to });
    if (written.ok) value = to;
    return written;
  };
  return ok({
    get value() {
      return value;
    },
    move: (to) => {
      if (waiting === undefined) {
        const written = last.then(write);
        waiting = { to, written };
        last = written;
      } else waiting.to = to; // a later place takes that of one which still waits: a busy stream costs fewer writes
      return waiting.written;
    },
  });
}

/** Events of a numbered stream that are on their way to the gateway. */
export interface AckWindow {
  /** Begins an event; false when it is older than the window or already in it: then it is dropped. */
  begin(id: number): boolean;
  /** The gateway has it. */
  done(id: number): void;
  /** The first number that is not yet safe: everything below it was handed on. */
  readonly next: number;
  /** Events on their way. */
  readonly waiting: number;
}

/** A window that starts at `first`: ids below it were handed on in an earlier life. */
export function ackWindow(first: number): AckWindow {
  const waiting = new Set<number>();
  const done = new Set<number>();
  let next = first;
  let highest = first - 1;
  const slide = (): void => {
    // Numbers may have gaps; the safe border is the lowest id on its way, or one past the highest seen.
    next = waiting.size === 0 ? highest + 1 : Math.min(...waiting);
    for (const id of done) if (id < next) done.delete(id);
  };
  return {
    begin: (id) => {
      if (id < next || waiting.has(id) || done.has(id)) return false;
      waiting.add(id);
      highest = Math.max(highest, id);
      return true;
    },
    done: (id) => {
      if (!waiting.delete(id)) return;
      done.add(id);
      slide();
    },
    get next() {
      return next;
    },
    get waiting() {
      return waiting.size;
    },
  };
}
