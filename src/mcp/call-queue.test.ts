/** One server's calls: how many at a time, how many wait, how long one may take. */
import { expect, test } from "bun:test";
import { mcpFileSchema } from "#contracts/mcp-config.ts";
import { manualClock } from "#runtime/clock.ts";
import { CallQueue } from "./call-queue.ts";
import { CallWatch } from "./call-watch.ts";

const never = new AbortController().signal;

test("CallQueue runs so many at a time, lets so many wait, refuses the rest, and loses no place", async () => {
  const queue = new CallQueue({ concurrentCalls: 2, waitingCalls: 2 });
  let running = 0;
  let most = 0;
  const gates: (() => void)[] = [];
  const work = async (): Promise<string> => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => gates.push(resolve));
    running -= 1;
    return "done";
  };
  const stop = new AbortController();
  const calls = [never, never, stop.signal, never, never].map((signal) => queue.run(signal, work));
  expect(await calls[4]).toEqual({ ok: false, error: "busy" });
  stop.abort();
  expect(await calls[2]).toEqual({ ok: false, error: "stopped" });
  for (let i = 0; i < 10; i++) {
    gates.shift()?.();
    await Bun.sleep(0);
  }
  for (const call of [calls[0], calls[1], calls[3]]) expect(await call).toEqual({ ok: true, value: "done" });
  expect(most).toBe(2);
  for (let i = 0; i < 3; i++) {
    const again = queue.run(never, work); // the places are all there again
    await Bun.sleep(0);
    gates.shift()?.();
    expect(await again).toEqual({ ok: true, value: "done" });
  }
  await expect(queue.run(never, () => Promise.reject(new Error("x")))).rejects.toThrow("x");
  expect(running).toBe(0);
});

function limits(timeoutMs: number, totalMs: number) {
  const file = mcpFileSchema.parse({ mcpServers: { a: { command: "x", limits: { timeoutMs, totalMs } } } });
  const entry = file.mcpServers["a"];
  if (entry === undefined) throw new Error("entry");
  return entry.limits;
}

test("CallWatch ends a silent call, gives one that reports more time, and bounds that too", async () => {
  const clock = manualClock();
  let late = 0;
  using watch = new CallWatch(clock, limits(1_000, 3_000), () => void late++);
  for (let i = 0; i < 3; i++) {
    await clock.advance(900);
    expect(late).toBe(0);
    watch.heard();
  }
  await clock.advance(400);
  expect(late).toBe(1); // 3 s in all, however often it was heard
});

test("CallWatch stands still while a person is asked", async () => {
  const clock = manualClock();
  let late = 0;
  using watch = new CallWatch(clock, limits(1_000, 1_500), () => void late++);
  await clock.advance(900);
  const { promise, resolve } = Promise.withResolvers<void>();
  const asked = watch.during(() => promise);
  await clock.advance(3_600_000);
  watch.heard();
  expect(late).toBe(0);
  resolve();
  await asked;
  await clock.advance(500);
  expect(late).toBe(0);
  await clock.advance(200);
  expect(late).toBe(1); // 600 ms of the whole were left
});
