/**
 * `npm run redteam:defences`: takes each defence out of a copy of the sources, one at a time, and runs the tests that
 * must notice. Ends with 1 when one survives. Words behind `--` choose: a class, a path, or a part of a sentence.
 */
import { CopiedTree, type TestRun } from "./copied-tree.ts";
import type { Defence } from "./defence.ts";
import { DEFENCES } from "./defences.ts";

/** `caught`: a test failed. `survived`: none did. `broken`: what is left is no program, so nothing was shown. */
type Outcome = "caught" | "survived" | "broken";

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const chosen = DEFENCES.filter(({ attack, file, keeps }) =>
    words.every((word) => word === attack || `${file} ${keeps}`.includes(word)),
  );
  if (chosen.length === 0) {
    console.log("no defence is called so");
    return 1;
  }
  // Two copies, in which tests run side by side.
  using first = new CopiedTree();
  using second = new CopiedTree();
  const broken = await brokenBefore(first, chosen);
  if (broken !== undefined) {
    console.log(`the tests do not pass with every defence in place: ${broken.failed}\n${broken.tail}`);
    return 1;
  }
  const began = performance.now();
  const waiting = [...chosen];
  const bad = (await Promise.all([first, second].map((tree) => work(tree, waiting)))).flat();
  const seconds = Math.round((performance.now() - began) / 1_000);
  const noticed = chosen.length - bad.length;
  console.log(`\n${chosen.length} defences removed, ${noticed} noticed, in ${seconds} s`);
  for (const line of bad) console.log(line);
  return bad.length === 0 ? 0 : 1;
}

/** The run of the tests as the sources are, when it fails: then nothing could be told from it. */
async function brokenBefore(tree: CopiedTree, chosen: readonly Defence[]): Promise<TestRun | undefined> {
  // What runs the executable is built first each time; as it is, `npm test` has shown it.
  const named = new Set(chosen.filter(({ built }) => built !== true).flatMap(({ tests }) => tests));
  if (named.size === 0) return undefined;
  const run = await tree.test([...named]);
  return run.passed ? undefined : run;
}

/** Takes defences from `waiting` until none is left. Returns a line for each that was not noticed. */
async function work(tree: CopiedTree, waiting: Defence[]): Promise<readonly string[]> {
  const bad: string[] = [];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const run = await tree.testWithout(next);
    const outcome = outcomeOf(run);
    const line = `${outcome.padEnd(8)} ${next.attack.padEnd(2)} ${next.file}: ${next.keeps}`;
    console.log(outcome === "caught" ? `${line}\n         ${run.failed}` : line);
    if (outcome !== "caught") bad.push(outcome === "broken" ? `${line}\n${run.tail}` : line);
  }
  return bad;
}

function outcomeOf({ passed, failed }: TestRun): Outcome {
  if (passed) return "survived";
  return failed === "" ? "broken" : "caught";
}
