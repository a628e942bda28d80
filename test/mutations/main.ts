/**
 * `npm run redteam:defences`: takes each defence out of a copy of the sources, one at a time, and runs the tests that
 * must notice. Ends with 1 when one survives. Words behind `--` choose: a class, a path, or a part of a sentence.
 */
import { CopiedTree, type TestRun } from "./copied-tree.ts";
import { DEFENCES } from "./defences.ts";

/** Copies in which tests run side by side. */
const COPIES = 2;

/** `caught`: a test failed. `survived`: none did. `broken`: what is left is no program, so nothing was shown. */
type Outcome = "caught" | "survived" | "broken";

const words = process.argv.slice(2);
const rows = DEFENCES.filter(({ attack, file, keeps }) =>
  words.every((word) => word === attack || `${file} ${keeps}`.includes(word)),
);
if (rows.length === 0) {
  console.log("no defence is called so");
  process.exit(1);
}
const began = performance.now();
const bad: string[] = [];
using first = new CopiedTree();
using second = new CopiedTree();
// What runs the executable is built first each time; as it is, `npm test` has shown it.
const named = [...new Set(rows.filter(({ built }) => built !== true).flatMap(({ tests }) => tests))];
const before = named.length === 0 ? undefined : await first.test(named);
if (before?.passed === false) {
  console.log(`the tests do not pass with every defence in place: ${before.failed}\n${before.tail}`);
  process.exit(1);
}
const waiting = [...rows];
await Promise.all([first, second].slice(0, COPIES).map(work));
const seconds = Math.round((performance.now() - began) / 1_000);
console.log(`\n${rows.length} defences removed, ${rows.length - bad.length} noticed, in ${seconds} s`);
for (const line of bad) console.log(line);
process.exitCode = bad.length === 0 ? 0 : 1;

async function work(tree: CopiedTree): Promise<void> {
  for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
    const run = await tree.testWithout(row);
    const outcome = outcomeOf(run);
    const line = `${outcome.padEnd(8)} ${row.attack.padEnd(2)} ${row.file}: ${row.keeps}`;
    console.log(outcome === "caught" ? `${line}\n         ${run.failed}` : line);
    if (outcome !== "caught") bad.push(outcome === "broken" ? `${line}\n${run.tail}` : line);
  }
}

function outcomeOf({ passed, failed }: TestRun): Outcome {
  if (passed) return "survived";
  return failed === "" ? "broken" : "caught";
}
