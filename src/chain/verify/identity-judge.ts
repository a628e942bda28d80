/** Conversations and persons: announced before their first use, and indexed as announced. */
import type { JsonObject } from "#contracts/json.ts";
import { identityOf } from "../identity.ts";
import { objectOf } from "./fields.ts";
import type { RawRow } from "./raw-row.ts";
import type { Problems } from "./report.ts";

/** A row of the tables `conversations` and `persons`. */
export interface IndexedIdentity {
  readonly table: "conversations" | "persons";
  readonly id: string;
  readonly instance: string;
  readonly platformId: string | null;
  readonly rowId: number;
}

export class IdentityJudge {
  readonly #announced = new Map<string, IndexedIdentity & { readonly seq: number }>();

  /** Takes an announcement; false when the row does not say which. */
  announce(row: RawRow, payload: JsonObject): boolean {
    const content = row.content === null ? undefined : objectOf(row.content);
    const identity = identityOf(row.kind, payload, content);
    if (identity === undefined) return false;
    const name = `${identity.table}/${identity.id}`;
    if (!this.#announced.has(name)) this.#announced.set(name, { ...identity, rowId: row.id, seq: row.seq });
    return true;
  }

  /** Takes the first row of a session: its conversation must have been announced. */
  use(row: RawRow, problems: Problems): void {
    const conversation = row.session.split("/")[2];
    if (conversation === undefined || this.#announced.has(`conversations/${conversation}`)) return;
    problems.add(row, "identity", "the conversation was not announced before this row");
  }

  /** Compares the announcements with the index tables, when the file has them. */
  finish(indexed: readonly IndexedIdentity[], problems: Problems): void {
    const left = new Map(this.#announced);
    for (const entry of indexed) {
      const name = `${entry.table}/${entry.id}`;
      const announced = left.get(name);
      left.delete(name);
      const place = { session: "_log", seq: announced?.seq ?? 0, id: announced?.rowId ?? entry.rowId };
      if (announced === undefined)
        problems.add(place, "identity", `${entry.table} names what no row announced`);
      else if (!isSame(announced, entry))
        problems.add(place, "identity", `${entry.table} differs from this row`);
    }
    for (const { table, seq, rowId } of left.values()) {
      problems.add({ session: "_log", seq, id: rowId }, "identity", `${table} lacks what this row announced`);
    }
  }
}

function isSame(a: IndexedIdentity, b: IndexedIdentity): boolean {
  return a.instance === b.instance && a.rowId === b.rowId && a.platformId === b.platformId;
}
