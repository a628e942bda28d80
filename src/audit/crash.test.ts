/** What a crash leaves behind, at every commit of a turn: the next start signs it, and the log verifies. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Row } from "#contracts/audit-event.ts";
import { LOG_LANE } from "#contracts/ids.ts";
import { type LogBench, SESSION_A, logBench, sampleTurn } from "#test/support/sample-log.ts";
import { memoryStateStore } from "#signer/state-store.ts";
import { auditCrypto } from "./node-crypto.ts";
import { treeState } from "./log-views.ts";
import { verifyLog } from "./verify-log.ts";

const crypto = auditCrypto();
const OPTIONS = { anchors: [], published: [], signerState: undefined };

interface Snapshot {
  readonly folder: string;
  readonly rows: number;
  readonly state: ReadonlyMap<string, Uint8Array>;
}

/** Runs `use` with what stood on the disk, log and signer's memory, after each commit of two turns. */
async function eachCommit(use: (snapshot: Snapshot) => Promise<void>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "wirken-crash-"));
  const entries = new Map<string, Uint8Array>();
  const bench = logBench(join(folder));
  const signer = { state: memoryStateStore(entries) };
  const snapshots: Snapshot[] = [];
  const store = await bench.open({}, signer);
  const copy = (rows: readonly Row[]): void => {
    const at = mkdtempSync(join(folder, "commit-"));
    for (const end of ["", "-wal"]) copyFileSync(`${bench.path}${end}`, join(at, `audit.db${end}`));
    snapshots.push({ folder: at, rows: rows.at(-1)?.id ?? 0, state: new Map(entries) });
  };
  store.subscribe(copy);
  await sampleTurn(bench, store, SESSION_A);
  await sampleTurn(bench, store, SESSION_A);
  store.close();
  for (const snapshot of snapshots) await use(snapshot);
  rmSync(folder, { recursive: true, force: true });
  return snapshots.length;
}

/** The operator accepts the log as it is: it is opened, goes on, and verifies. */
async function goesOnOnceAccepted(bench: LogBench, entries: Map<string, Uint8Array>): Promise<void> {
  const tree = treeState(bench.path, crypto);
  if (!tree.ok) throw new Error(tree.error.message);
  const signer = { fresh: false, state: memoryStateStore(entries), accepted: tree.value };
  const store = await bench.open({ acceptState: true }, signer);
  await sampleTurn(bench, store, SESSION_A);
  expect(bench.alarms).toEqual([]);
  expect(store.readSession(LOG_LANE).some(({ kind }) => kind === "accepted")).toBe(true);
  store.close();
  const verdict = verifyLog(bench.path, OPTIONS, crypto);
  expect(verdict.ok && verdict.value.report.problems).toEqual([]);
}

function benchOf(folder: string): LogBench {
  const bench = logBench(folder);
  void bench.clock.advance(60_000);
  return bench;
}

describe("openLog after a crash", () => {
  test("at any commit: nothing is lost, the log verifies, turns go on", async () => {
    const commits = await eachCommit(async ({ folder, rows, state }) => {
      const bench = benchOf(folder);
      const store = await bench.open({}, { fresh: false, state: memoryStateStore(new Map(state)) });
      expect(store.readAfter(rows - 1, 1)[0]?.id).toBe(rows);
      const found = verifyLog(bench.path, OPTIONS, crypto);
      expect(found).toMatchObject({ ok: true, value: { report: { ok: true } } });
      await sampleTurn(bench, store, SESSION_A);
      expect(bench.alarms).toEqual([]);
      store.close();
      expect(verifyLog(bench.path, OPTIONS, crypto)).toMatchObject({
        ok: true,
        value: { report: { ok: true } },
      });
    });
    expect(commits).toBeGreaterThan(12);
  });

  test("with a -wal cut anywhere: what was signed and is gone is called a rollback, the rest goes on", async () => {
    const outcomes = new Set<string>();
    await eachCommit(async ({ folder, state }) => {
      const wal = join(folder, "audit.db-wal");
      if (!existsSync(wal)) return;
      truncateSync(wal, Math.floor((statSync(wal).size * 2) / 3));
      const bench = benchOf(folder);
      try {
        const store = await bench.open({}, { fresh: false, state: memoryStateStore(new Map(state)) });
        store.close();
        const verdict = verifyLog(bench.path, OPTIONS, crypto);
        outcomes.add(verdict.ok ? `intact ${verdict.value.report.ok}` : "unreadable");
      } catch (error) {
        outcomes.add(error instanceof Error ? (error.message.split(":")[0] ?? "") : "");
        await goesOnOnceAccepted(bench, new Map(state));
      }
    });
    expect([...outcomes].sort()).toEqual(["head_breaks", "intact true", "rollback"]);
  });
});
