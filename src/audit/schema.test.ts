import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase } from "#host/sqlite.ts";
import { createSchema } from "./log-origin.ts";
import { LogTable, type StoredRow } from "./log-table.ts";

const SESSION = "default/telegram/c-aaaaaaaaaaaaaaaaaaaaaaaaaa";
const HASH = new Uint8Array(32).fill(7);
const COLUMNS = `id, session_id, seq, ts_ms, kind, trust, payload, payload_hash, content, salt, content_hash, prev_hash,
  hash`;

let folder: string;
let database: Database;
let table: LogTable;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wirken-schema-"));
  database = openDatabase(join(folder, "audit.db"));
  createSchema(database);
  table = new LogTable(database);
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

function rowAt(id: number): StoredRow {
  return {
    id,
    session: SESSION,
    seq: id - 1,
    tsMs: 1_700_000_000_000 + id,
    kind: "user_message",
    trust: "user",
    payload: `{"n":${id}}`,
    payloadHash: HASH,
    content: `{"text":"row ${id}"}`,
    salt: HASH.subarray(0, 16),
    contentHash: HASH,
    prevHash: HASH,
    hash: HASH,
  };
}

function rows(from: number, to: number): StoredRow[] {
  return Array.from({ length: to - from + 1 }, (_, at) => rowAt(from + at));
}

const dump = (): unknown[][] => database.query(`SELECT ${COLUMNS} FROM session_events ORDER BY id`).values();

test("LogTable.insert stores groups of every size, in order, each row once", () => {
  let next = 1;
  const told: number[] = [];
  for (const count of [1, 2, 9, 10, 11, 20, 23]) {
    table.insert(rows(next, next + count - 1), ({ id }) => told.push(id));
    next += count;
  }
  const stored = table.readAfter(0, 1_000);
  expect(stored.map(({ id }) => id)).toEqual(rows(1, next - 1).map(({ id }) => id));
  expect(stored.every(({ id, seq, content }) => seq === id - 1 && content?.["text"] === `row ${id}`)).toBe(
    true,
  );
  expect(told).toEqual(rows(2, next - 1).map(({ id }) => id)); // a single row announces nothing
  expect(database.query("SELECT seq FROM sqlite_sequence").values()).toEqual([[next - 1]]);
});

test("LogTable.insert stores nothing of a group when one of its rows is refused", () => {
  table.insert(rows(1, 3), () => undefined);
  const before = dump();
  expect(() => table.insert([...rows(4, 17), rowAt(2)], () => undefined)).toThrow("never replaced");
  expect(dump()).toEqual(before);
});

test.each([
  ["DELETE FROM session_events WHERE id = 2", "never deleted"],
  [
    `INSERT OR REPLACE INTO session_events(${COLUMNS}) SELECT ${COLUMNS} FROM session_events`,
    "never replaced",
  ],
  [
    `REPLACE INTO session_events(${COLUMNS})
     SELECT id + 10, ${COLUMNS.slice("id, ".length)} FROM session_events WHERE id = 2`,
    "never replaced",
  ],
  [
    `REPLACE INTO session_events(${COLUMNS})
     SELECT id, session_id, seq + 10, ${COLUMNS.slice("id, session_id, seq, ".length)} FROM session_events WHERE id = 2`,
    "never replaced",
  ],
  ["UPDATE session_events SET content = '{}' WHERE id = 2", "never changed"],
  ["UPDATE OR REPLACE session_events SET seq = 0 WHERE id = 2", "never changed"],
  // Each column alone: one that the trigger forgot could be written anew.
  ...[
    "id = 99",
    "session_id = 'other'",
    "seq = 99",
    "ts_ms = 1",
    "kind = 'decision'",
    "trust = 'system'",
    "payload = '{}'",
    "payload_hash = x'00'",
    "content_hash = x'00'",
    "content_hash = NULL",
    "salt = x'00'",
    "prev_hash = x'00'",
    "hash = x'00'",
  ].map((change): [string, string] => [`UPDATE session_events SET ${change} WHERE id = 2`, "never changed"]),
])("the schema refuses %s", (sql, why) => {
  table.insert(rows(1, 3), () => undefined);
  const before = dump();
  expect(() => database.run(sql)).toThrow(why);
  expect(dump()).toEqual(before);
});

test("the schema lets text be erased, once and for good", () => {
  table.insert(rows(1, 3), () => undefined);
  database.run("UPDATE session_events SET payload = NULL, content = NULL, salt = NULL WHERE id = 2");
  for (const change of ["payload = '{}'", "content = '{}'", "salt = x'00'"]) {
    const again = `UPDATE session_events SET ${change} WHERE id = 2`;
    expect(() => database.run(again)).toThrow("never changed");
  }
});

test.each([
  "SELECT id FROM session_events WHERE kind = 'key_continuity' ORDER BY id",
  "SELECT max(id) FROM session_events WHERE kind = 'checkpoint' AND id < 9",
  "SELECT max(id) FROM session_events WHERE kind = 'stopped' AND id < 9",
  "SELECT id, payload FROM session_events WHERE kind = 'chain_head' AND payload LIKE '%x%' ORDER BY id",
])("a start finds what was signed by its index: %s", (sql) => {
  const plan = database.query(`EXPLAIN QUERY PLAN ${sql}`).values().flat().join(" ");
  expect(plan).toContain("session_events_signed");
});
