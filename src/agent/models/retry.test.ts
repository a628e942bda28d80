import { expect, test } from "bun:test";
import { LIMITS } from "#contracts/limits.ts";
import { fixedRandom } from "#runtime/random.ts";
import { llmError } from "./model.ts";
import { parseRetryAfter, retryWait } from "./retry.ts";

test("parseRetryAfter reads seconds and dates, and nothing else", () => {
  const now = Date.parse("Tue, 24 Nov 2026 15:00:00 GMT");
  const table: readonly [string | null, number][] = [
    ["2", 2_000],
    ["0.5", 500],
    ["Tue, 24 Nov 2026 15:00:05 GMT", 5_000],
    ["Tue, 24 Nov 2026 14:00:00 GMT", 0],
    ["tomorrow", -1],
    ["-5", -1],
    ["1e9", -1],
    ["", -1],
    [null, -1],
  ];
  for (const [header, ms] of table) expect([header, parseRetryAfter(header, now)]).toEqual([header, ms]);
});

test("retryWait is bounded, honours Retry-After and never repeats what time does not heal", () => {
  const random = fixedRandom(2);
  const limited = (retryAfterMs: number) => llmError("rate_limited", "", { status: 429, retryAfterMs });
  expect(retryWait(limited(5_000), 1, random)).toBeGreaterThanOrEqual(5_000);
  expect(retryWait(limited(5_000), 1, random)).toBeLessThanOrEqual(5_250);
  expect(retryWait(limited(LIMITS.model_retry_ms_max + 1), 1, random)).toBeUndefined();
  expect(retryWait(limited(-1), LIMITS.model_attempts_max, random)).toBeUndefined();
  expect(retryWait(llmError("auth", ""), 1, random)).toBeUndefined();
  expect(retryWait(llmError("cut_stream", ""), 1, random)).toBeUndefined();
  for (let attempt = 1; attempt < LIMITS.model_attempts_max; attempt++) {
    expect(retryWait(limited(-1), attempt, random)).toBeLessThanOrEqual(500 * 2 ** attempt);
  }
});
