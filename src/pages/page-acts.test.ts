/** What a page's process does itself: never before the gateway accepted the request, and not without end. */
import { expect, test } from "bun:test";
import { fail } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Fault } from "#contracts/fault.ts";
import { manualClock } from "#runtime/clock.ts";
import { EventRing } from "./event-ring.ts";
import { gateOf } from "./gate.ts";
import { pageApp } from "./page-app.ts";

const SIGNED = {
  "x-wirken-key": "a".repeat(64),
  "x-wirken-time": "1",
  "x-wirken-counter": "1",
  "x-wirken-signature": `${"A".repeat(86)}==`,
};

/** An application whose gateway says `said`, and the acts that ran. */
function pageWith(said: Result<string, Fault>) {
  const clock = manualClock();
  const ran: string[] = [];
  const gate = gateOf(80, []);
  if (!gate.ok) throw new Error(gate.error.message);
  const app = pageApp({
    gate: gate.value,
    assets: new Map(),
    routes: new Set(["/api/send"]),
    acts: new Map([["/api/send", async (body) => ok(String(ran.push(body)))]]),
    ask: async () => said,
    ring: new EventRing(clock.now()),
    clock,
    log: { info: () => undefined, warn: () => undefined },
    signal: new AbortController().signal,
  });
  const send = async (body: string): Promise<Response> => {
    const headers = {
      host: "127.0.0.1:80",
      origin: "http://127.0.0.1:80",
      "content-type": "application/json",
    };
    return app.fetch(
      new Request("http://127.0.0.1:80/api/send", {
        method: "POST",
        headers: { ...headers, ...SIGNED },
        body,
      }),
    );
  };
  return { send, ran, clock };
}

test.each([
  ["refuses", fail("auth", "the request's signature is wrong")],
  ["says no", ok('{"accepted":false}')],
  ["says something else", ok('{"accepted":true,"more":1}')],
  ["says nothing", ok("")],
])("pageApp does nothing itself when the gateway %s", async (_, said) => {
  const page = pageWith(said);
  await page.send("{}");
  expect(page.ran).toEqual([]);
});

test("pageApp acts once the gateway accepted, and takes no more than so many requests a minute", async () => {
  const page = pageWith(ok('{"accepted":true}'));
  const statuses: number[] = [];
  for (let count = 0; count <= LIMITS.page_requests_per_minute_max; count++)
    statuses.push((await page.send("{}")).status);
  expect(page.ran).toHaveLength(LIMITS.page_requests_per_minute_max);
  expect(statuses.at(0)).toBe(200);
  expect(statuses.at(-1)).toBe(429);
  await page.clock.advance(1_000);
  expect((await page.send("{}")).status).toBe(200);
});
