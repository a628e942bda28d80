/**
 * The tables `conversations` and `persons`: where a platform's id finds ours. Rebuilt from `_log` rows,
 * never more.
 */
import type { Row } from "#contracts/audit-event.ts";
import type { JsonObject } from "#contracts/json.ts";
import { LOG_LANE, partsOfSession } from "#contracts/ids.ts";
import type { Database } from "#host/sqlite.ts";
import { type Identity, identityOf } from "#chain/identity.ts";

export class IdentityIndex {
  readonly #announced: Set<string>;
  readonly #add;
  readonly #find;

  constructor(database: Database) {
    const insert = (table: string, id: string): string =>
      `INSERT OR IGNORE INTO ${table}(${id}, instance, platform_id, row_id) VALUES (?, ?, ?, ?)`;
    const find = (table: string, id: string): string =>
      `SELECT ${id} FROM ${table} WHERE instance = ? AND platform_id = ? ORDER BY row_id DESC LIMIT 1`;
    this.#add = {
      conversations: database.query(insert("conversations", "conversation")),
      persons: database.query(insert("persons", "person")),
    };
    this.#find = {
      conversations: database.query(find("conversations", "conversation")),
      persons: database.query(find("persons", "person")),
    };
    const known = database.query("SELECT conversation FROM conversations").values();
    this.#announced = new Set(known.map(([id]) => String(id)));
  }

  /**
   * The conversation that the session is the first to use, as the row that must announce it; else
   * `undefined`.
   */
  unannounced(
    session: Row["session"],
  ): { readonly conversation: string; readonly instance: string } | undefined {
    const parts = partsOfSession(session);
    if (parts === undefined || this.#announced.has(parts.conversation)) return undefined;
    return { conversation: parts.conversation, instance: parts.instance };
  }

  /** Adds what a row announces. Called inside the transaction that stores the row. */
  add(
    session: string,
    kind: string,
    payload: JsonObject,
    content: JsonObject | undefined,
    rowId: number,
  ): void {
    const identity = session === LOG_LANE ? identityOf(kind, payload, content) : undefined;
    if (identity === undefined) return;
    this.#add[identity.table].run(identity.id, identity.instance, identity.platformId, rowId);
    if (identity.table === "conversations") this.#announced.add(identity.id);
  }

  /** The newest id of ours for a platform's id. */
  find(table: Identity["table"], instance: string, platformId: string): string | undefined {
    const [found] = this.#find[table].values(instance, platformId);
    const id = found?.[0];
    return typeof id === "string" ? id : undefined;
  }
}
