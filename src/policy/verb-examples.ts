/**
 * Checks the examples that every reading command carries: what must be proven to read is, what must not is not. Run by
 * the tests and by the build, so that a rule and its examples cannot part.
 */
import { inspectionOf } from "./shell-inspect.ts";
import { VERBS } from "./verbs.ts";

/** A sentence for each example that does not hold, and for each rule without examples. */
export function brokenExamples(): readonly string[] {
  return VERBS.flatMap(({ verb, matches, refuses }) => [
    ...(matches.length === 0 || refuses.length === 0 ? [`${verb}: has no examples`] : []),
    ...matches.filter((line) => !uses(line, verb)).map((line) => `${verb}: should be reading: ${line}`),
    ...refuses
      .filter((line) => inspectionOf(line, ".").ok)
      .map((line) => `${verb}: must not be reading: ${line}`),
  ]);
}

function uses(line: string, verb: string): boolean {
  const inspection = inspectionOf(line, ".");
  return inspection.ok && inspection.value.commands.some((command) => command.verb === verb);
}
