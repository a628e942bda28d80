/** Tampering without any key, of a log in order and of one that was running: the reason and the place of each. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "#chain/verify/report.ts";
import { rowHasher, sessionPrevHash } from "#chain/row-hash.ts";
import { SESSION_A, SESSION_B, logBench, sampleLog } from "#test/support/sample-log.ts";
import { auditCrypto } from "./node-crypto.ts";
import { type Anchor, newestCheckpoint, parseAnchor, verifyLog } from "./verify-log.ts";

let folder: string;
let stopped: string;
let running: string;
let copies = 0;
const crypto = auditCrypto();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "wirken-verify-"));
  stopped = await made("stopped", true);
  running = await made("running", false);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function made(name: string, stop: boolean): Promise<string> {
  const bench = logBench(mkdtempSync(join(folder, name)));
  await sampleLog(bench, stop);
  const database = new Database(bench.path);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  database.run("PRAGMA journal_mode = DELETE");
  database.close();
  return bench.path;
}

/** A copy of the log without its triggers, changed by `change`. */
function tampered(source: string, change: (log: Database) => void): string {
  const path = join(folder, `copy-${copies++}.db`);
  copyFileSync(source, path);
  const log = new Database(path, { strict: true });
  for (const [name] of log.query("SELECT name FROM sqlite_schema WHERE type = 'trigger'").values()) {
    log.run(`DROP TRIGGER ${name}`);
  }
  change(log);
  log.close(true);
  return path;
}

function verify(path: string, anchors: readonly Anchor[] = []): Report {
  const verdict = verifyLog(path, { anchors, published: [], signerState: undefined }, crypto);
  if (!verdict.ok) throw new Error(verdict.error.message);
  return verdict.value.report;
}

const reasons = (report: Report): string[] =>
  [...new Set(report.problems.map(({ reason }) => reason))].sort();
const firstId = (log: Database, where: string): number =>
  Number(log.query(`SELECT min(id) FROM session_events WHERE ${where}`).values()[0]?.[0]);
const lastId = (log: Database): number =>
  Number(log.query("SELECT max(id) FROM session_events").values()[0]?.[0]);

/** What an attacker without keys can do: make every hash of the file right again, from an id on. */
function rehash(log: Database): void {
  const hasher = rowHasher(crypto);
  const rows = log.query("SELECT * FROM session_events ORDER BY id").all() as {
    id: number;
    session_id: string;
    seq: number;
    ts_ms: number;
    kind: string;
    trust: string;
    payload: string;
    content: string | null;
    salt: Uint8Array | null;
  }[];
  const logId = Uint8Array.fromHex(JSON.parse(rows[0]?.payload ?? "{}").log_id);
  const ends = new Map<string, { seq: number; hash: Uint8Array }>();
  for (const row of rows) {
    const end = ends.get(row.session_id) ?? { seq: -1, hash: sessionPrevHash(crypto, logId, row.session_id) };
    const payloadHash = crypto.sha256(row.payload);
    const contentHash = row.content === null ? null : hasher.content(row.salt, row.content);
    const { kind, trust } = row;
    const place = { session: row.session_id, seq: end.seq + 1, tsMs: row.ts_ms, kind, trust };
    const hash = hasher.row({ ...place, payloadHash, contentHash, prevHash: end.hash });
    log
      .query(
        "UPDATE session_events SET seq=-?, payload_hash=?, content_hash=?, prev_hash=?, hash=? WHERE id=?",
      )
      .run(place.seq + 1, payloadHash, contentHash, end.hash, hash, row.id);
    ends.set(row.session_id, { seq: place.seq, hash });
  }
  log.run("UPDATE session_events SET seq = -seq - 1");
}

/** Closes the gap that taken rows leave in the ids. */
function renumber(log: Database): void {
  const ids = log.query("SELECT id FROM session_events ORDER BY id").values();
  ids.forEach(([id], index) =>
    log.query("UPDATE session_events SET id=? WHERE id=?").run(index + 1, Number(id)),
  );
  log.query("UPDATE sqlite_sequence SET seq=? WHERE name='session_events'").run(ids.length);
}

function appendRow(log: Database, session: string, kind: string, payload: string): void {
  const last = log.query("SELECT seq, ts_ms FROM session_events ORDER BY id DESC LIMIT 1").values()[0];
  log
    .query(
      `INSERT INTO session_events(session_id, seq, ts_ms, kind, trust, payload, payload_hash, prev_hash, hash)
       VALUES (?, 100000, ?, ?, 'system', ?, x'00', x'00', x'00')`,
    )
    .run(session, Number(last?.[1]), kind, payload);
  rehash(log);
}

describe("verifyLog on an unchanged log", () => {
  test("is intact, stopped or running", () => {
    for (const path of [stopped, running]) {
      const report = verify(path);
      expect(report.problems).toEqual([]);
      expect(report).toMatchObject({ ok: true, level: 0, anchored: false, sessions: 4 });
      expect(report.keys.map(({ holder }) => holder)).toEqual(["log", "agent:default"]);
    }
  });

  test("is intact under its own newest checkpoint and key as anchors", () => {
    const note = newestCheckpoint(stopped);
    const anchor = note.ok ? parseAnchor(note.value) : note;
    const key = parseAnchor(verify(stopped).keys[0]?.key ?? "");
    if (!anchor.ok || !key.ok) throw new Error("no anchor");
    expect(verify(stopped, [anchor.value, key.value])).toMatchObject({ ok: true, level: 2, anchored: true });
  });

  test("refuses what is not a log", async () => {
    const path = join(folder, "junk.db");
    await Bun.write(
      path,
      "not a database at all, but long enough to look like one to a careless reader".repeat(9),
    );
    const options = { anchors: [], published: [], signerState: undefined };
    expect(verifyLog(path, options, crypto)).toMatchObject({ ok: false, error: { code: "damaged" } });
    expect(verifyLog(join(folder, "none.db"), options, crypto)).toMatchObject({ ok: false });
  });
});

const TARGET = `session_id = '${SESSION_A}' AND kind = 'tool_call'`;

interface Tampering {
  readonly name: string;
  readonly change: (log: Database) => number | undefined;
  readonly reasons: readonly string[];
  /** A part of what one of the problems says. */
  readonly says?: string;
}

const set = (sql: string) => (log: Database) => {
  const id = firstId(log, TARGET);
  log.query(`UPDATE session_events SET ${sql} WHERE id = ?`).run(id);
  return id;
};

const COLUMNS: readonly Tampering[] = [
  { name: "session_id", change: set(`session_id = '${SESSION_B}', seq = 900`), reasons: ["gap", "row_hash"] },
  { name: "seq", change: set("seq = 999"), reasons: ["gap", "row_hash"] },
  { name: "ts_ms", change: set("ts_ms = ts_ms + 1"), reasons: ["row_hash"] },
  { name: "kind", change: set("kind = 'user_message'"), reasons: ["row_hash"] },
  { name: "trust", change: set("trust = 'system'"), reasons: ["row_hash"] },
  { name: "payload", change: set(`payload = '{"n":2}'`), reasons: ["payload_hash"] },
  { name: "payload to NULL", change: set("payload = NULL"), reasons: ["payload_missing"] },
  { name: "payload_hash", change: set("payload_hash = zeroblob(32)"), reasons: ["payload_hash", "row_hash"] },
  { name: "content", change: set(`content = '{"text":"x"}'`), reasons: ["content_mismatch"] },
  { name: "content to NULL", change: set("content = NULL, salt = NULL"), reasons: ["content_missing"] },
  { name: "salt", change: set("salt = zeroblob(16)"), reasons: ["content_mismatch"] },
  { name: "salt of another length", change: set("salt = zeroblob(3)"), reasons: ["schema"] },
  {
    name: "content_hash",
    change: set("content_hash = zeroblob(32)"),
    reasons: ["content_mismatch", "row_hash"],
  },
  { name: "prev_hash", change: set("prev_hash = zeroblob(32)"), reasons: ["prev_hash", "row_hash"] },
  { name: "hash", change: set("hash = zeroblob(32)"), reasons: ["prev_hash", "row_hash", "tree_root"] },
  { name: "a duplicate name", change: set(`payload = '{"n":1,"n":1}'`), reasons: ["payload_hash", "schema"] },
  { name: "a fraction", change: set(`payload = '{"n":1.0}'`), reasons: ["payload_hash", "schema"] },
  {
    name: "junk in sealed text",
    change: set(`content = '{"key":"x","sealed":"?"}', salt = NULL`),
    reasons: ["content_mismatch", "schema"],
  },
];

describe("verifyLog places a changed column", () => {
  for (const { name, change, reasons: expected } of COLUMNS) {
    test(name, () => {
      let id: number | undefined;
      const report = verify(
        tampered(stopped, (log) => {
          id = change(log);
        }),
      );
      expect(report.ok).toBe(false);
      expect(reasons(report)).toEqual(expect.arrayContaining([...expected]));
      expect(report.problems.some((problem) => problem.id === id)).toBe(true);
    });
  }
});

/** Changes the payload of the first such row and makes every hash right again. */
function changedPayload(
  where: string,
  change: (payload: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
) {
  return (log: Database): number => {
    const id = firstId(log, where);
    const text = String(log.query("SELECT payload FROM session_events WHERE id = ?").values(id)[0]?.[0]);
    const changed = JSON.stringify(change(JSON.parse(text)));
    expect(changed).not.toBe(text);
    log.query("UPDATE session_events SET payload = ? WHERE id = ?").run(changed, id);
    rehash(log);
    return id;
  };
}

/** Whole attacks; with `rehash` the attacker has made every hash right again. */
const ATTACKS: readonly Tampering[] = [
  {
    name: "a row cut out, hashes left",
    change: (log) => {
      const id = firstId(log, TARGET);
      log.query("DELETE FROM session_events WHERE id = ?").run(id);
      return id + 1;
    },
    reasons: ["gap"],
  },
  {
    name: "a row cut out, everything renumbered and rehashed",
    change: (log) => {
      log.query("DELETE FROM session_events WHERE id = ?").run(firstId(log, TARGET));
      renumber(log);
      rehash(log);
      return undefined;
    },
    reasons: ["head_range", "tree_root", "tree_size"],
  },
  {
    name: "two rows swapped and rehashed",
    change: (log) => {
      const id = firstId(log, TARGET);
      log.query("UPDATE session_events SET id = -1, seq = -1 WHERE id = ?").run(id);
      log.query("UPDATE session_events SET id = ?, seq = seq - 1 WHERE id = ?").run(id, id + 1);
      log.query("UPDATE session_events SET id = ?, seq = ? WHERE id = -1").run(id + 1, 90_000);
      rehash(log);
      return undefined;
    },
    reasons: ["head_range", "tree_root"],
  },
  {
    name: "a text replaced and rehashed",
    change: (log) => {
      const id = firstId(log, TARGET);
      log.query(`UPDATE session_events SET content = '{"text":"rm -rf"}' WHERE id = ?`).run(id);
      rehash(log);
      return undefined;
    },
    reasons: ["head_range", "tree_root"],
  },
  {
    name: "a session deleted, everything renumbered and rehashed",
    change: (log) => {
      log.query("DELETE FROM session_events WHERE session_id = ?").run(SESSION_B);
      renumber(log);
      rehash(log);
      return undefined;
    },
    reasons: ["tree_root", "tree_size"],
  },
  {
    name: "a session cloned to another id",
    change: (log) => {
      const other = SESSION_B.replace("c-bbb", "c-ccc");
      log
        .query(
          `INSERT INTO session_events(session_id, seq, ts_ms, kind, trust, payload, payload_hash, content, salt,
           content_hash, prev_hash, hash) SELECT ?, seq, ts_ms, kind, trust, payload, payload_hash, content, salt,
           content_hash, prev_hash, hash FROM session_events WHERE session_id = ? ORDER BY id`,
        )
        .run(other, SESSION_B);
      rehash(log);
      return undefined;
    },
    reasons: ["head_signature", "identity", "unsigned_tail"],
  },
  {
    name: "rows appended after stopped",
    change: (log) => {
      appendRow(log, SESSION_A, "grant", '{"n":1}');
      return lastId(log);
    },
    reasons: ["unsigned_tail"],
  },
  {
    name: "all signatures dropped",
    change: (log) => {
      log.run("DELETE FROM session_events WHERE kind IN ('chain_head', 'checkpoint')");
      renumber(log);
      rehash(log);
      return undefined;
    },
    reasons: ["unsigned_tail"],
  },
  {
    name: "a made-up pruned row",
    change: (log) => {
      const id = firstId(log, TARGET);
      log.query("UPDATE session_events SET payload = NULL, content = NULL, salt = NULL WHERE id = ?").run(id);
      const seq = Number(log.query("SELECT seq FROM session_events WHERE id = ?").values(id)[0]?.[0]);
      const payload = { session: SESSION_A, seq_from: seq, seq_to: seq, count: 1, reason: "retention" };
      const database = log.query("SELECT payload_hash FROM session_events WHERE id = ?").values(id)[0]?.[0];
      expect(database).toBeInstanceOf(Uint8Array);
      log
        .query(
          `INSERT INTO session_events(session_id, seq, ts_ms, kind, trust, payload, payload_hash, prev_hash, hash)
           SELECT '_log', max(seq) + 1, max(ts_ms), 'pruned', 'system', ?, ?, zeroblob(32), zeroblob(32)
           FROM session_events WHERE session_id = '_log'`,
        )
        .run(JSON.stringify(payload), crypto.sha256(JSON.stringify(payload)));
      return id;
    },
    reasons: ["payload_missing", "prune_invalid"],
  },
  {
    name: "a made-up erased row",
    change: (log) => {
      const payload = JSON.stringify({ session: SESSION_A, seq: 1, reason: "asked" });
      appendRow(log, "_log", "content_erased", payload);
      return lastId(log);
    },
    reasons: ["erase_invalid", "unsigned_tail"],
  },
  {
    name: "a made-up key row",
    change: (log) => {
      const holder = "agent:default";
      const payload = { holder, key: "11".repeat(32), prev_key: "22".repeat(32), signature: "33".repeat(64) };
      appendRow(log, "_log", "key_continuity", JSON.stringify(payload));
      return lastId(log);
    },
    reasons: ["key_break", "unsigned_tail"],
  },
  {
    name: "a made-up checkpoint",
    change: (log) => {
      const old = log
        .query("SELECT payload FROM session_events WHERE kind = 'checkpoint' LIMIT 1")
        .values()[0]?.[0];
      appendRow(log, "_log", "checkpoint", String(old));
      return lastId(log);
    },
    reasons: ["tree_root", "tree_size"],
  },
  {
    name: "a head under another key",
    change: (log) => {
      const id = firstId(log, `kind = 'chain_head' AND session_id = '${SESSION_A}'`);
      const payload = JSON.parse(
        String(log.query("SELECT payload FROM session_events WHERE id = ?").values(id)[0]?.[0]),
      );
      const changed = JSON.stringify({ ...payload, key: "44".repeat(32), signature: "55".repeat(64) });
      log.query("UPDATE session_events SET payload = ? WHERE id = ?").run(changed, id);
      rehash(log);
      return id;
    },
    reasons: ["head_signature", "tree_root"],
  },
  {
    name: "a row cut out and rehashed, ids left",
    change: (log) => {
      const id = firstId(log, TARGET);
      log.query("DELETE FROM session_events WHERE id = ?").run(id);
      rehash(log);
      return id + 1;
    },
    reasons: ["gap"],
    says: "are missing",
  },
  {
    name: "rows cut off behind a checkpoint",
    change: (log) => {
      const where = "kind = 'checkpoint' ORDER BY id DESC LIMIT 1 OFFSET 2";
      const id = Number(log.query(`SELECT id FROM session_events WHERE ${where}`).values()[0]?.[0]);
      log.query("DELETE FROM session_events WHERE id > ?").run(id);
      log.query("DELETE FROM conversations WHERE row_id > ?").run(id);
      return id;
    },
    reasons: ["gap"],
    says: "more ids were given",
  },
  {
    name: "time turned back and rehashed",
    change: (log) => {
      const id = firstId(log, TARGET);
      log.query("UPDATE session_events SET ts_ms = ts_ms - 600000 WHERE id = ?").run(id);
      rehash(log);
      return id;
    },
    reasons: ["clock"],
  },
  {
    name: "a head that joins another one",
    change: changedPayload(`kind = 'chain_head' AND session_id = '${SESSION_A}'`, (head) => ({
      ...head,
      prev_head_hash: "77".repeat(32),
    })),
    reasons: ["head_range"],
    says: "does not join the head before it",
  },
  {
    name: "a checkpoint whose signature was made up",
    change: changedPayload("kind = 'checkpoint'", (payload) => ({
      ...payload,
      note: String(payload["note"]).replace(/[A-Za-z0-9+/]{4}(?=[A-Za-z0-9+/=]{4}\n$)/, "AAAA"),
    })),
    reasons: ["tree_signature"],
    says: "not signed by the log key",
  },
  {
    name: "a checkpoint of another log",
    change: changedPayload("kind = 'checkpoint'", (payload) => ({
      ...payload,
      note: String(payload["note"]).replaceAll(/[0-9a-f]{32}/g, "0".repeat(32)),
    })),
    reasons: ["tree_signature"],
    says: "the origin is another log's",
  },
  {
    name: "a key row that continues the right key and that nobody vouched for",
    change: (log) => {
      const row = "kind = 'key_continuity' AND payload LIKE '%agent:default%'";
      const known = JSON.parse(
        String(log.query(`SELECT payload FROM session_events WHERE ${row}`).values()[0]?.[0]),
      );
      const payload = { ...known, key: "11".repeat(32), prev_key: known.key, signature: "33".repeat(64) };
      appendRow(log, "_log", "key_continuity", JSON.stringify(payload));
      return lastId(log);
    },
    reasons: ["key_break"],
  },
  {
    name: "an index table changed",
    change: (log) => {
      log.run("UPDATE conversations SET instance = 'slack'");
      return firstId(log, "kind = 'conversation_seen'");
    },
    reasons: ["identity"],
  },
];

describe("verifyLog sees an attack without keys", () => {
  for (const { name, change, reasons: expected, says = "" } of ATTACKS) {
    test(name, () => {
      let id: number | undefined;
      const report = verify(
        tampered(stopped, (log) => {
          id = change(log);
        }),
      );
      expect(report.ok).toBe(false);
      expect(reasons(report)).toEqual(expect.arrayContaining([...expected]));
      if (id !== undefined) expect(report.problems.some((problem) => problem.id === id)).toBe(true);
      expect(report.problems.map(({ detail }) => detail).join("\n")).toContain(says);
    });
  }
});

test("verifyLog is silent on a cut back to a checkpoint at level 0, and says rollback with an anchor", () => {
  const note = newestCheckpoint(stopped);
  const anchor = note.ok ? parseAnchor(note.value) : note;
  if (!anchor.ok) throw new Error("no anchor");
  const cut = tampered(stopped, (log) => {
    const checkpoints = log
      .query("SELECT id FROM session_events WHERE kind = 'checkpoint' ORDER BY id DESC")
      .values();
    log.query("DELETE FROM session_events WHERE id > ?").run(Number(checkpoints[2]?.[0]));
    renumber(log);
    log.run("DELETE FROM conversations WHERE row_id > (SELECT max(id) FROM session_events)");
  });
  expect(verify(cut).problems).toEqual([]);
  expect(reasons(verify(cut, [anchor.value]))).toEqual(["rollback"]);
});

test("verifyLog reports rows appended to a running log outside of a turn", () => {
  const path = tampered(running, (log) => appendRow(log, SESSION_A, "decision", '{"verdict":"allow"}'));
  expect(reasons(verify(path))).toEqual(["unsigned_tail"]);
});

test("verifyLog reports an anchor key that is not the log's", () => {
  const anchor = parseAnchor("ab".repeat(32));
  if (!anchor.ok) throw new Error("no anchor");
  expect(reasons(verify(stopped, [anchor.value]))).toEqual(["unknown_key"]);
});

test("verifyLog reads the stored bytes where U+FFFD could hide others", () => {
  const path = tampered(stopped, (log) => {
    const id = firstId(log, TARGET);
    const text = Buffer.from('{"text":"\ufffd"}');
    const at = text.indexOf(0xef);
    const bytes = Buffer.concat([text.subarray(0, at), Buffer.of(0xff), text.subarray(at + 3)]);
    log.query("UPDATE session_events SET content = CAST(? AS TEXT) WHERE id = ?").run(bytes, id);
  });
  expect(reasons(verify(path))).toEqual(["schema"]);
});
