/**
 * Rows that the audit log takes per second, durable, with its seals, against bare inserts: the same columns with values
 * of the same size and the same pragmas. The baseline is a table without key, index or trigger beyond its row id; for
 * groups a second one has the key that the log's table has, to tell what the key costs from what we cost.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { AuditStore } from "#audit/audit-store.ts";
import { openDatabase } from "#host/sqlite.ts";
import { systemClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import { SESSION_A, logBench, sampleRow } from "#test/support/sample-log.ts";
import { type BenchOptions, type Figure, compare, perSecond } from "./figure.ts";

const SINGLE_ROWS = 600;
const GROUPED_ROWS = 10_000;
const GROUP = 50;
const TEXT = "The quick brown fox reads notes.md, line by line. ".repeat(6);

/** Single appends (each durable before the next begins) and groups of 50 that share a commit. */
export async function auditAppend(options: BenchOptions): Promise<readonly Figure[]> {
  const folder = join(options.folder, "append");
  mkdirSync(folder, { recursive: true });
  const log = logBench(folder);
  const store = await log.open({ clock: systemClock, random: systemRandom }, { clock: systemClock });
  const bare = bareTable(join(folder, "bare.db"), "");
  const keyed = bareTable(join(folder, "keyed.db"), ", UNIQUE(session_id, seq)");
  const single = Math.ceil(SINGLE_ROWS * options.scale);
  const grouped = Math.ceil((GROUPED_ROWS * options.scale) / GROUP) * GROUP;
  try {
    const one = await compare(
      options.rounds,
      () => perSecond(single, () => appendOneByOne(store, single)),
      () => perSecond(single, () => bare.oneByOne(single)),
    );
    const many = await compare(
      options.rounds,
      () => perSecond(grouped, () => appendGroups(store, grouped)),
      () => perSecond(grouped, () => bare.groups(grouped)),
    );
    const manyKeyed = await compare(
      options.rounds,
      () => perSecond(grouped, () => appendGroups(store, grouped)),
      () => perSecond(grouped, () => keyed.groups(grouped)),
    );
    return [
      {
        name: "audit.append.single",
        unit: "rows/s",
        ...one,
        aim: { of: "ratio", bound: "at_least", at: 0.7 },
      },
      {
        name: `audit.append.grouped_by_${GROUP}`,
        unit: "rows/s",
        ...many,
        aim: { of: "ratio", bound: "at_least", at: 0.5 },
      },
      {
        name: `audit.append.grouped_by_${GROUP}.keyed_baseline`,
        unit: "rows/s",
        ...manyKeyed,
        note: "the baseline's table has the log's key",
      },
    ];
  } finally {
    store.close();
    bare.close();
    keyed.close();
  }
}

async function appendOneByOne(store: AuditStore, rows: number): Promise<void> {
  for (let row = 0; row < rows; row++) {
    await store.append([sampleRow(SESSION_A, "tool_result", `${TEXT}${row}`)]);
  }
}

async function appendGroups(store: AuditStore, rows: number): Promise<void> {
  for (let done = 0; done < rows; done += GROUP) {
    const group = Array.from({ length: GROUP }, (_, at) =>
      store.append([sampleRow(SESSION_A, "tool_result", `${TEXT}${done + at}`)]),
    );
    await Promise.all(group);
  }
}

/** Inserts with nothing around them. */
function bareTable(path: string, key: string) {
  const database = openDatabase(path);
  database.run(
    `CREATE TABLE bare(id INTEGER PRIMARY KEY, session_id TEXT, seq INTEGER, ts_ms INTEGER, kind TEXT, trust TEXT,
     payload TEXT, payload_hash BLOB, content TEXT, salt BLOB, content_hash BLOB, prev_hash BLOB, hash BLOB${key})`,
  );
  const insert = database.query("INSERT INTO bare VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const hash = systemRandom.bytes(32);
  const salt = systemRandom.bytes(16);
  let id = 0;
  const one = (at: number): void => {
    id += 1;
    const content = `{"text":"${TEXT}${at}"}`;
    insert.run(
      id,
      SESSION_A,
      id,
      1.7e12,
      "tool_result",
      "user",
      '{"n":1}',
      hash,
      content,
      salt,
      hash,
      hash,
      hash,
    );
  };
  const group = database.transaction((from: number) => {
    for (let at = 0; at < GROUP; at++) one(from + at);
  });
  return {
    oneByOne: (rows: number): void => {
      for (let row = 0; row < rows; row++) one(row);
    },
    groups: (rows: number): void => {
      for (let done = 0; done < rows; done += GROUP) group(done);
    },
    close: (): void => database.close(),
  };
}
