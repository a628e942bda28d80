/**
 * Writes a log of many rows with the real writer and signer (one head and checkpoint per 900 rows), verifies it, and
 * prints the figures beside the bare work on the same file: `bun test/soak/audit-million.ts [rows] [folder]`.
 */
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { auditCrypto } from "#audit/node-crypto.ts";
import { verifyLog } from "#audit/verify-log.ts";
import { GATEWAY_LANE } from "#contracts/ids.ts";
import { SESSION_A, SESSION_B, logBench, sampleRow } from "#test/support/sample-log.ts";

/** Below the bound at which the writer seals by itself. */
const ROWS_PER_TURN = 898;
const GROUP = 49;
const TEXT = "The quick brown fox reads notes.md, line by line. ".repeat(6);

const rows = Number(process.argv[2] ?? 1_000_000);
const folder = process.argv[3] ?? mkdtempSync(join(tmpdir(), "wirken-million-"));
const bench = logBench(folder);

const writing = Bun.nanoseconds();
const store = await bench.open();
await store.append([{ session: GATEWAY_LANE, kind: "started", trust: "system", payload: {} }]);
for (let written = 0; written < rows; written += ROWS_PER_TURN + 2) {
  const session = (written / (ROWS_PER_TURN + 2)) % 2 === 0 ? SESSION_A : SESSION_B;
  await bench.clock.advance(1_001);
  await store.append([sampleRow(session, "turn_started")]);
  for (let group = 0; group < ROWS_PER_TURN - GROUP; group += GROUP) {
    const texts = Array.from({ length: GROUP }, (_, index) => `${TEXT}${written + group + index}`);
    await Promise.all(texts.map((text) => store.append([sampleRow(session, "tool_result", text)])));
  }
  await store.append([sampleRow(session, "turn_ended")]);
  await store.sealTurn(session, "turn");
}
await store.stop({ session: GATEWAY_LANE, kind: "stopped", trust: "system", payload: {} });
const writtenSeconds = (Bun.nanoseconds() - writing) / 1e9;

const bare = bareRead(bench.path);
const verifying = Bun.nanoseconds();
const verdict = verifyLog(bench.path, { anchors: [], published: [], signerState: undefined }, auditCrypto());
const seconds = (Bun.nanoseconds() - verifying) / 1e9;
const report = verdict.ok ? verdict.value.report : undefined;
process.stdout.write(
  `${JSON.stringify({
    ok: report?.ok ?? false,
    rows: report?.rows,
    heads: report?.heads,
    checkpoints: report?.checkpoints,
    write_rows_per_s: Math.round((report?.rows ?? 0) / writtenSeconds),
    verify_rows_per_s: Math.round((report?.rows ?? 0) / seconds),
    bare_rows_per_s: Math.round((report?.rows ?? 0) / bare),
    share_of_bare: Number((bare / seconds).toFixed(3)),
    rss_mb: Math.round(process.memoryUsage().rss / 1e6),
    alarms: bench.alarms.length,
    problems: report?.problems.slice(0, 3),
  })}\n`,
);
if (process.argv[3] === undefined) rmSync(folder, { recursive: true, force: true });
process.exitCode = report?.ok === true ? 0 : 1;

/** Reads every column and hashes as many bytes as a verifier must, compares nothing. Seconds. */
function bareRead(path: string): number {
  const database = new Database(path, { readonly: true });
  database.run("PRAGMA mmap_size=4294967296");
  const query = database.query("SELECT * FROM session_events WHERE id > ? ORDER BY id LIMIT 2000");
  const out = new Uint8Array(32);
  const inputs = [33, 65, 200].map((size) => new Uint8Array(size));
  const start = Bun.nanoseconds();
  for (let after = 0; ; ) {
    const chunk = query.values(after);
    if (chunk.length === 0) break;
    for (const row of chunk) {
      if (typeof row[6] === "string") Bun.SHA256.hash(row[6], out);
      if (typeof row[8] === "string") Bun.SHA256.hash(row[8], out);
      for (const input of inputs) Bun.SHA256.hash(input, out);
    }
    after = Number(chunk.at(-1)?.[0]);
  }
  database.close();
  return (Bun.nanoseconds() - start) / 1e9;
}
