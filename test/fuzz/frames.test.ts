/** A short run of the frame fuzzer in the normal suite; `npm run fuzz -- 300000` is the long one. */
import { expect, test } from "bun:test";
import { fuzzFrames } from "./frames.ts";

test("fuzzFrames breaks nothing in 5,000 mutants, and a fifth of them reach the reader", () => {
  const report = fuzzFrames(5_000, 20_261_124);
  expect(report.failures).toEqual([]);
  expect(report.decoderShare).toBeGreaterThanOrEqual(0.2);
  expect(report.rssGrowthMb).toBeLessThan(64);
  for (const rule of ["bounds", "budget", "far_pointer", "zero_size", "shape", "normal_form", "signature"]) {
    expect(report.byRule[rule] ?? 0).toBeGreaterThan(0);
  }
  expect(report.byRule["accepted"] ?? 0).toBeGreaterThan(0);
});
