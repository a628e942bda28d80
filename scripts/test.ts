/**
 * `npm test`: builds the executable when it is older than its sources, runs every test, and ends with the plain line
 * `N passed, N failed, N skipped`. Extra arguments go to `bun test`.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runBun } from "./bun.mjs";
import { installTestTools } from "./test-tools.ts";

const ROOT = join(import.meta.dir, "..");
const scratch = mkdtempSync(join(tmpdir(), "wirken-test-"));
const report = join(scratch, "junit.xml");

installTestTools();
const built = await runBun(["run", "build.ts"]);
if (built !== 0) process.exit(built);
const given = process.argv.slice(2);
const code = await runBun(
  [
    "test",
    "--reporter=junit",
    `--reporter-outfile=${report}`,
    ...(given.length > 0 ? given : ["src", "adapters", "test"]),
  ],
  { cwd: ROOT },
);
const counts = countsOf(report);
rmSync(scratch, { recursive: true, force: true });
for (const reason of counts.skipped) console.log(`skipped: ${reason}`);
const passed = counts.tests - counts.failures - counts.skipped.length;
console.log(`${passed} passed, ${counts.failures} failed, ${counts.skipped.length} skipped`);
process.exit(code);

function countsOf(file: string): { tests: number; failures: number; skipped: string[] } {
  const xml = readFileSync(file, "utf8");
  const cases = [...xml.matchAll(/<testcase\b([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)];
  const failures = cases.filter((match) => /<(failure|error)\b/.test(match[3] ?? "")).length;
  const skipped = cases
    .filter((match) => /<skipped\b/.test(match[3] ?? ""))
    .map((match) =>
      [attribute(match[1], "classname"), attribute(match[1], "name")].filter(Boolean).join(" > "),
    );
  return { tests: cases.length, failures, skipped };
}

/** The suites' titles say what a whole suite needs. */
function attribute(tag = "", name: string): string {
  return new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? "";
}
