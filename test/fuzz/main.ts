/**
 * `npm run fuzz -- [iterations] [seed]`: every fuzzer of the repository with its report on stdout, exit 1 when a
 * property broke. The default is short; acceptance asks for 300000.
 */
import { fuzzFrames } from "./frames.ts";

const DEFAULT_ITERATIONS = 20_000;
const GROWTH_MB_MAX = 64;
const DECODER_SHARE_MIN = 0.2;

const [iterationsText, seedText] = process.argv.slice(2);
const iterations = Number(iterationsText ?? DEFAULT_ITERATIONS);
const seed = Number(seedText ?? 1);
if (!Number.isSafeInteger(iterations) || iterations < 1 || !Number.isSafeInteger(seed)) {
  process.stderr.write("usage: fuzz [iterations] [seed]\n");
  process.exit(64);
}

const report = fuzzFrames(iterations, seed);
process.stdout.write(`${JSON.stringify({ frames: report }, null, 2)}\n`);
const holds =
  report.failures.length === 0 &&
  report.rssGrowthMb <= GROWTH_MB_MAX &&
  report.decoderShare >= DECODER_SHARE_MIN;
process.exit(holds ? 0 : 1);
