/** The ring keeps what it promises, forgets the oldest, and never grows beyond its bounds. */
import { describe, expect, test } from "bun:test";
import { manualClock } from "#runtime/clock.ts";
import { allowance } from "#runtime/allowance.ts";
import { EventRing, RING_BYTES_MAX, RING_EVENTS_MAX } from "./event-ring.ts";
import { ndjson } from "./stream.ts";

describe("EventRing", () => {
  test("read answers what came after, in order", () => {
    const ring = new EventRing(100);
    for (const name of ["a", "b", "c"]) ring.push(`"${name}"`);
    expect(ring.read(101, 64)).toEqual({
      kind: "events",
      events: [
        { seq: 102, json: '"b"' },
        { seq: 103, json: '"c"' },
      ],
    });
    expect(ring.read(103, 64)).toEqual({ kind: "events", events: [] });
  });

  test.each([
    ["before the first", 99],
    ["ahead of the newest", 104],
    ["zero", 0],
  ])("read from %s is a gap", (_, seq) => {
    const ring = new EventRing(100);
    for (const name of ["a", "b", "c"]) ring.push(`"${name}"`);
    expect(ring.read(seq, 64)).toEqual({ kind: "gap", newest: 103 });
  });

  test("push forgets the oldest beyond the count", () => {
    const ring = new EventRing(0);
    for (let count = 0; count < RING_EVENTS_MAX + 1; count += 1) ring.push("1");
    expect(ring.read(0, 1).kind).toBe("gap");
    expect(ring.read(1, RING_EVENTS_MAX + 1)).toMatchObject({ kind: "events" });
  });

  test("push forgets the oldest beyond the bytes, never the newest", () => {
    const ring = new EventRing(0);
    ring.push("1");
    ring.push("x".repeat(RING_BYTES_MAX));
    expect(ring.read(0, 1).kind).toBe("gap");
    expect(ring.read(1, 1)).toMatchObject({ kind: "events", events: [{ seq: 2 }] });
  });
});

describe("ndjson", () => {
  test("beats in the silence and ends with the signal", async () => {
    const clock = manualClock();
    const ending = new AbortController();
    const reader = ndjson({ ring: new EventRing(5), after: 5, clock, signal: ending.signal }).getReader();
    const text = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value);
    expect(await text()).toBe('{"seq":5,"beat":true}\n');
    const waiting = text();
    await Promise.resolve();
    await clock.advance(15_000);
    expect(await waiting).toBe('{"seq":5,"beat":true}\n');
    const last = reader.read();
    ending.abort();
    expect((await last).done).toBe(true);
  });
});

describe("allowance", () => {
  test("take spends a minute's worth and fills with time", async () => {
    const clock = manualClock();
    const spare = allowance(60, clock);
    for (let count = 0; count < 60; count += 1) expect(spare.take()).toBe(true);
    expect(spare.take()).toBe(false);
    await clock.advance(1_000);
    expect(spare.take()).toBe(true);
    expect(spare.take()).toBe(false);
  });
});
