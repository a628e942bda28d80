/** Verifies the log named in argv and prints `{rows, seconds, rows_per_s, ok}`: one thread, one process, one file. */
import { auditCrypto } from "#audit/node-crypto.ts";
import { verifyLog } from "#audit/verify-log.ts";

const path = process.argv[2] ?? "";
const start = Bun.nanoseconds();
const verdict = verifyLog(path, { anchors: [], published: [], signerState: undefined }, auditCrypto());
const seconds = (Bun.nanoseconds() - start) / 1e9;
const rows = verdict.ok ? verdict.value.report.rows : 0;
const ok = verdict.ok && verdict.value.report.ok;
process.stdout.write(`${JSON.stringify({ rows, seconds, rows_per_s: Math.round(rows / seconds), ok })}\n`);
process.exitCode = ok ? 0 : 1;
