/**
 * Two verifiers, written apart from the format's page, must agree: on a clean log, and on every tampering. The second
 * one is `verify.py`; it needs only Python's standard library.
 */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { auditCrypto } from "#audit/node-crypto.ts";
import { verifyLog } from "#audit/verify-log.ts";
import { logBench, sampleLog } from "#test/support/sample-log.ts";

const PYTHON = ["/usr/bin/python3", "/usr/local/bin/python3"].find(existsSync) ?? Bun.which("python3") ?? "";
const SCRIPT = join(import.meta.dir, "verify.py");

interface Judgement {
  readonly ok: boolean;
  readonly rows: number;
  readonly problems: readonly { readonly id: number; readonly reason: string }[];
}

let folder: string;
let clean: string;
let rows = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "wirken-second-"));
  const bench = logBench(folder);
  await sampleLog(bench, true);
  clean = join(folder, "clean.db");
  const database = new Database(bench.path);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  rows = Number(database.query("SELECT count(*) FROM session_events").values()[0]?.[0]);
  database.run("PRAGMA journal_mode = DELETE");
  database.close();
  copyFileSync(bench.path, clean);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CHANGES: readonly (readonly [string, string])[] = [
  ["time", "UPDATE session_events SET ts_ms = ts_ms + 1 WHERE id = ?"],
  ["kind", "UPDATE session_events SET kind = 'budget' WHERE id = ?"],
  ["trust", "UPDATE session_events SET trust = 'external' WHERE id = ?"],
  ["payload", "UPDATE session_events SET payload = replace(payload, '}', ',\"x\":1}') WHERE id = ?"],
  ["payload hash", "UPDATE session_events SET payload_hash = randomblob(32) WHERE id = ?"],
  [
    "content",
    'UPDATE session_events SET content = \'{"text":"other"}\' WHERE id = ? AND content IS NOT NULL',
  ],
  [
    "lost content",
    "UPDATE session_events SET content = NULL, salt = NULL WHERE id = ? AND content IS NOT NULL",
  ],
  ["lost payload", "UPDATE session_events SET payload = NULL WHERE id = ?"],
  ["previous hash", "UPDATE session_events SET prev_hash = randomblob(32) WHERE id = ?"],
  ["hash", "UPDATE session_events SET hash = randomblob(32) WHERE id = ?"],
  ["cut", "DELETE FROM session_events WHERE id = ?"],
];

describe.skipIf(PYTHON === "")("the second verifier (skipped without python3)", () => {
  test("calls the untouched log intact, as ours does", () => {
    expect(second(clean).problems).toEqual([]);
    expect(ours(clean).problems).toEqual([]);
    expect(second(clean).rows).toBe(ours(clean).rows);
  });

  test.each(CHANGES)(
    "agrees when the %s of a row is changed",
    (_, sql) => {
      const step = Math.max(1, Math.floor(rows / 6));
      let tried = 0;
      for (let id = 1; id <= rows; id += step) {
        const path = join(folder, "changed.db");
        copyFileSync(clean, path);
        const log = new Database(path);
        for (const [name] of log.query("SELECT name FROM sqlite_schema WHERE type = 'trigger'").values()) {
          log.run(`DROP TRIGGER ${String(name)}`);
        }
        const changed = log.query(sql).run(id).changes;
        log.close();
        if (changed === 0) continue;
        tried += 1;
        const [a, b] = [ours(path), second(path)];
        expect({ id, ok: a.ok }).toEqual({ id, ok: false });
        expect({ id, ok: b.ok }).toEqual({ id, ok: false });
        const mine = new Set(a.problems.map((one) => one.reason));
        expect(b.problems.some((one) => mine.has(one.reason))).toBe(true);
      }
      expect(tried).toBeGreaterThan(0);
    },
    60_000,
  );
});

function ours(path: string): Judgement {
  const verdict = verifyLog(path, { anchors: [], published: [], signerState: undefined }, auditCrypto());
  if (!verdict.ok) throw new Error(verdict.error.message);
  return verdict.value.report;
}

function second(path: string): Judgement {
  const ran = Bun.spawnSync([PYTHON, SCRIPT, path]);
  const report: Judgement = JSON.parse(ran.stdout.toString());
  expect(ran.exitCode).toBe(report.ok ? 0 : 1);
  return report;
}
