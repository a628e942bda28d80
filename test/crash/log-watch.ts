/** The log as a bystander reads it while the program runs: a connection of its own, read-only. */
import { Database } from "bun:sqlite";

export interface LogRow {
  readonly id: number;
  readonly session: string;
  readonly seq: number;
  readonly kind: string;
  readonly content: string;
  /** A text of the payload, or empty. */
  field(name: string): string;
}

interface StoredRow {
  readonly id: number;
  readonly session_id: string;
  readonly seq: number;
  readonly kind: string;
  readonly payload: string | null;
  readonly content: string | null;
}

export class LogWatch implements Disposable {
  readonly #database: Database;

  constructor(path: string) {
    this.#database = new Database(path, { readonly: true });
    this.#database.run("PRAGMA busy_timeout = 2000");
  }

  /** Rows after `id`, in order. */
  after(id: number): readonly LogRow[] {
    return this.#database
      .query<StoredRow, [number]>(
        "SELECT id, session_id, seq, kind, payload, content FROM session_events WHERE id > ? ORDER BY id",
      )
      .all(id)
      .map(rowOf);
  }

  get lastId(): number {
    return (
      this.#database.query<{ last: number }, []>("SELECT max(id) AS last FROM session_events").get()?.last ??
      0
    );
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function rowOf(row: StoredRow): LogRow {
  const payload: Record<string, unknown> = JSON.parse(row.payload ?? "{}");
  return {
    id: row.id,
    session: row.session_id,
    seq: row.seq,
    kind: row.kind,
    content: row.content ?? "",
    field: (name) => {
      const value = payload[name];
      return typeof value === "string" || typeof value === "number" ? String(value) : "";
    },
  };
}
