import { expect, test } from "bun:test";
import { manualClock } from "./clock.ts";
import { giveBackAfterStart } from "./give-back.ts";

test("giveBackAfterStart collects once, and not while the start still runs", async () => {
  const clock = manualClock();
  let collected = 0;
  giveBackAfterStart(clock, () => {
    collected += 1;
  });
  await clock.advance(1_999);
  expect(collected).toBe(0);
  await clock.advance(1);
  expect(collected).toBe(1);
  await clock.advance(3_600_000);
  expect(collected).toBe(1);
});
