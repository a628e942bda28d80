/** `bun run soak NAME …`: the runs that are too long for the suite. */
import { crashSoak } from "../crash/main.ts";

const DEFAULT_KILLS = 10;
const [name = "", ...rest] = process.argv.slice(2);

switch (name) {
  case "crash":
    process.exit(
      await crashSoak(Number(rest[0] ?? DEFAULT_KILLS), Number(rest[1] ?? Date.now() % 1_000_000)),
    );
    break;
  default:
    console.error("usage: bun run soak crash [KILLS_PER_STEP_AND_ROLE] [SEED]");
    process.exit(64);
}
