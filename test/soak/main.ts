/**
 * `npm run soak -- [rows | crash [kills [seed]] | race]`: what takes too long for `npm test`. Writes a clean log of a million rows with the real writer
 * and signer, then verifies it in a process of its own, beside the bare reading and hashing of the same file. Prints one
 * JSON object; exit 1 when the log is not intact.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "#test/source-files.ts";
import { SAMPLE_LOG_SEAL_ROWS, writeLargeLog } from "#test/support/large-log.ts";

const DEFAULT_ROWS = 1_000_000;
const VERIFIER = join(ROOT, "test", "bench", "verify-program.ts");
const BASELINE = join(ROOT, "test", "bench", "bare-verify-program.ts");

if (process.argv[2] === "crash") {
  const { crashSoak } = await import("../crash/main.ts");
  const [kills = "10", seed = String(Date.now() % 1_000_000)] = process.argv.slice(3);
  process.exit(await crashSoak(Number(kills), Number(seed)));
}
if (process.argv[2] === "race") {
  const files = ["src/host/beneath.test.ts", "src/box/box.test.ts", "test/hostile/box.test.ts"];
  const race = ["test", ...files, "--timeout", "60000", "-t", "swaps folder and link"];
  const env = { ...process.env, WIRKEN_RACE_MS: "10000" };
  const child = Bun.spawn([process.execPath, ...race], {
    cwd: ROOT,
    env,
    stdout: "inherit",
    stderr: "inherit",
  });
  process.exit(await child.exited);
}
const rows = Number(process.argv[2] ?? DEFAULT_ROWS);
if (!Number.isSafeInteger(rows) || rows < 1) {
  process.stderr.write("usage: soak [rows] | crash [kills [seed]] | race\n");
  process.exit(64);
}
const folder = mkdtempSync(join(tmpdir(), "wk-soak-"));
try {
  process.stderr.write(`writing ${rows} rows …\n`);
  const log = await writeLargeLog(folder, rows);
  process.stderr.write("verifying …\n");
  const bare = await run(BASELINE, log.path);
  const verified = await run(VERIFIER, log.path);
  const intact =
    verified.code === 0 && verified.printed["ok"] === true && verified.printed["rows"] === log.rows;
  const report = {
    clean_log: {
      intact,
      rows: log.rows,
      rows_per_head_and_checkpoint: SAMPLE_LOG_SEAL_ROWS,
      file_mb: Math.round(statSync(log.path).size / 1e6),
      alarms: log.alarms,
      write_rows_per_s: Math.round(log.rows / log.seconds),
      verify: verified.printed,
      bare: bare.printed,
      ratio: Number((Number(verified.printed["rows_per_s"]) / Number(bare.printed["rows_per_s"])).toFixed(3)),
    },
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = intact && log.alarms === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs a program on the log; what it printed is one JSON object. */
async function run(
  program: string,
  path: string,
): Promise<{ readonly code: number; readonly printed: Record<string, unknown> }> {
  const child = Bun.spawn([process.execPath, program, path], {
    cwd: ROOT,
    stdout: "pipe",
    stderr: "inherit",
  });
  const text = await new Response(child.stdout).text();
  return { code: await child.exited, printed: JSON.parse(text) };
}
