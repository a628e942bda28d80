/**
 * `npm run bench -- [--json] [--rounds N] [--scale X] [NAME …]`: all benches or the named ones, as a table or as JSON.
 * Never fails for a slow figure: the aims are printed beside what was reached.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY } from "#test/support/binary.ts";
import { auditAppend } from "./audit-append.ts";
import { auditVerify } from "./audit-verify.ts";
import type { Bench, BenchOptions, Figure } from "./figure.ts";
import { boxedExec } from "./box.ts";
import { coldStart } from "./cold-start.ts";
import { frames } from "./frames.ts";
import { latency } from "./latency.ts";
import { memory } from "./memory.ts";
import { policyDecisions } from "./policy.ts";
import { signatureCheck } from "./signature-check.ts";
import { tableOf } from "./table.ts";
import { walls } from "./walls.ts";

const BENCHES = {
  append: auditAppend,
  verify: auditVerify,
  signatures: signatureCheck,
  frames,
  policy: policyDecisions,
  latency,
  start: coldStart,
  memory,
  box: boxedExec,
  walls,
} as const satisfies Record<string, Bench>;

interface Asked {
  readonly json: boolean;
  readonly rounds: number;
  readonly scale: number;
  readonly names: readonly string[];
}

const asked = parse(process.argv.slice(2));
if (asked === undefined) {
  process.stderr.write(
    `usage: bench [--json] [--rounds N] [--scale X] [${Object.keys(BENCHES).join("|")}] …\n`,
  );
  process.exit(64);
}
const folder = mkdtempSync(join(tmpdir(), "wk-bench-"));
try {
  const figures = await run(asked, { rounds: asked.rounds, scale: asked.scale, folder, binary: BINARY });
  const machine = {
    bun: Bun.version,
    platform: `${process.platform}-${process.arch}`,
    cores: availableParallelism(),
  };
  process.stdout.write(
    asked.json ? `${JSON.stringify({ machine, figures }, null, 2)}\n` : `${tableOf(figures).join("\n")}\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

async function run({ names }: Asked, options: BenchOptions): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    process.stderr.write(`${name} …\n`);
    figures.push(...(await bench(options)));
  }
  return figures;
}

function parse(words: readonly string[]): Asked | undefined {
  let [json, rounds, scale] = [false, 5, 1];
  const names: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--json") json = true;
    else if (word === "--rounds") rounds = Number(words[++at]);
    else if (word === "--scale") scale = Number(words[++at]);
    else if (Object.hasOwn(BENCHES, word)) names.push(word);
    else return undefined;
  }
  const sane = Number.isInteger(rounds) && rounds >= 1 && Number.isFinite(scale) && scale > 0;
  return sane ? { json, rounds, scale, names } : undefined;
}
