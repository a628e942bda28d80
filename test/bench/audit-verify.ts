/**
 * Rows that `audit verify` takes per second on one thread, against reading and hashing the same file with nothing
 * around it. Both run as a program of their own, in turn, over one log of the real writer and signer.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "#test/source-files.ts";
import { SAMPLE_LOG_SEAL_ROWS, writeLargeLog } from "#test/support/large-log.ts";
import { type BenchOptions, type Figure, compare } from "./figure.ts";

const ROWS = 200_000;
/** `WIRKEN_BENCH_VERIFY` names a baseline of somebody else's: a program that takes a log's path as ours does. */
const GIVEN_BASELINE = process.env["WIRKEN_BENCH_VERIFY"];
const OWN_BASELINE = join(import.meta.dir, "bare-verify-program.ts");
const VERIFIER = join(import.meta.dir, "verify-program.ts");

/** Writes a log of 200,000 rows (times the scale) once and verifies it in turn with the baseline. */
export async function auditVerify(options: BenchOptions): Promise<readonly Figure[]> {
  const folder = join(options.folder, "verify");
  mkdirSync(folder, { recursive: true });
  const { path, rows } = await writeLargeLog(folder, Math.ceil(ROWS * options.scale));
  const compared = await compare(
    options.rounds,
    () => rowsPerSecond(VERIFIER, path),
    () => rowsPerSecond(GIVEN_BASELINE ?? OWN_BASELINE, path),
  );
  return [
    {
      name: "audit.verify",
      unit: "rows/s",
      ...compared,
      aim: { of: "ratio", bound: "at_least", at: 0.7 },
      note: `${rows} rows, a head and a checkpoint every ${SAMPLE_LOG_SEAL_ROWS}; ${GIVEN_BASELINE === undefined ? "own" : "given"} baseline`,
    },
  ];
}

async function rowsPerSecond(program: string, path: string): Promise<number> {
  const child = Bun.spawn([process.execPath, program, path], {
    cwd: ROOT,
    stdout: "pipe",
    stderr: "inherit",
  });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`${program} did not verify the log: ${text}`);
  const printed: { rows_per_s: number } = JSON.parse(text);
  return printed.rows_per_s;
}
