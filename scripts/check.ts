/** `npm run check`: format, types and lint, in that order; each must be clean. */
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
const bin = (name: string): string => join(ROOT, "node_modules", ".bin", name);
const STEPS: readonly (readonly [string, ...string[]])[] = [
  [bin("biome"), "format", "."],
  [bin("tsc"), "--noEmit", "-p", "tsconfig.json"],
  [bin("oxlint"), "--type-aware", "--deny-warnings", "src", "adapters", "test", "scripts", "build.ts"],
];

let failed = 0;
for (const step of STEPS) {
  const result = Bun.spawnSync([...step], { cwd: ROOT, stdout: "inherit", stderr: "inherit" });
  if (result.exitCode !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
