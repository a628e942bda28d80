/** A program of ours that sleeps, for tests of who is ended and who is not. */
import { systemClock } from "#runtime/clock.ts";

await systemClock.sleep(60_000);
