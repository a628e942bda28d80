/** The log's file as the gateway reads it for pages and operators: verification, raw rows, published keys. */
import { join } from "node:path";
import { readLog } from "#audit/log-reader.ts";
import { auditCrypto } from "#audit/node-crypto.ts";
import { LEVEL_LIMITS, signerAnchor, verifySettled } from "#audit/verify-log.ts";
import type { HeadSigner } from "#chain/head-signer.ts";
import { ROW_COLUMNS } from "#chain/verify/raw-row.ts";
import type { Fault } from "#contracts/fault.ts";
import type { VerifySummary } from "#contracts/page-api.ts";
import { ok, type Result } from "#contracts/result.ts";
import { readFileBounded } from "#host/files.ts";
import type { DataPaths } from "#host/paths.ts";
import type { Clock } from "#runtime/clock.ts";
import type { RawRow } from "./console-pages.ts";
import { replaceFile } from "./in-place.ts";

const KEYS_BYTES_MAX = 65_536;
const COLUMNS = ROW_COLUMNS.split(", ");

/** Verifies the log as it stands, against the signer's memory where it answers. */
export async function verifySummary(ports: {
  readonly path: string;
  readonly signer: Pick<HeadSigner, "state">;
  readonly logId: string;
  readonly clock: Clock;
}): Promise<Result<VerifySummary, Fault>> {
  const began = ports.clock.monotonic();
  const state = await ports.signer.state({ logId: ports.logId, session: "" });
  const signerState = state.ok ? signerAnchor(state.value) : undefined;
  const verdict = await verifySettled(
    ports.path,
    { anchors: [], published: [], signerState },
    auditCrypto(),
    ports.clock,
  );
  if (!verdict.ok) return verdict;
  const { report } = verdict.value;
  const { rows, sessions, heads, checkpoints, problems } = report;
  return ok({
    ok: report.ok,
    level: `L${report.level}`,
    rows,
    sessions,
    heads,
    checkpoints,
    tookMs: Math.round(ports.clock.monotonic() - began),
    notShown: LEVEL_LIMITS[report.level],
    problems: problems.map(({ session, seq, id, reason, detail }) => ({ session, seq, id, reason, detail })),
  });
}

/** Raw rows after row `after`, with their hashes as hex: what a browser needs to verify by itself. */
export function rawRows(path: string, after: number, limit: number): Result<readonly RawRow[], Fault> {
  const sql = `SELECT ${ROW_COLUMNS} FROM session_events WHERE id > ? ORDER BY id LIMIT ?`;
  return readLog(path, (log) => log.database.query(sql).values(after, limit).map(rawRow));
}

/** Publishes a holder's keys, one a line, newest last. */
export function publishKeys(paths: DataPaths, holder: string, keys: readonly string[]): Result<void, Fault> {
  const text = new TextEncoder().encode(keys.map((key) => `${key}\n`).join(""));
  return replaceFile(keyFile(paths, holder), text);
}

/** The published keys of a holder. */
export function publishedKeys(paths: DataPaths, holder: string): readonly string[] {
  const bytes = readFileBounded(keyFile(paths, holder), KEYS_BYTES_MAX);
  if (!bytes.ok) return [];
  return new TextDecoder()
    .decode(bytes.value)
    .split("\n")
    .filter((line) => /^[0-9a-f]{64}$/.test(line));
}

/** Where a holder publishes its keys (docs/formats/audit.md, "Keys"). */
function keyFile(paths: DataPaths, holder: string): string {
  return holder === "log" ? paths.logPub : join(paths.agent(holder.slice("agent:".length)), "identity.pub");
}

function rawRow(values: readonly unknown[]): RawRow {
  return Object.fromEntries(COLUMNS.map((column, index) => [column, plain(values[index])]));
}

function plain(value: unknown): string | number | null {
  if (typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return value instanceof Uint8Array ? value.toHex() : null;
}
