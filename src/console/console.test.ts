/** The console's life: it serves until it is told to stop or its connection ends, and says why it cannot start. */
import { describe, expect, test } from "bun:test";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { manualClock } from "#runtime/clock.ts";
import { memoryLog } from "#runtime/log.ts";
import { readOrigins, readPort } from "#pages/settings.ts";
import { type ConsoleLink, runConsole } from "./console.ts";

type Handlers = Parameters<ConsoleLink["listen"]>[0];

function start(more: { port?: number; origins?: readonly string[] } = {}) {
  const heard = Promise.withResolvers<Handlers>();
  const serving = Promise.withResolvers<number>();
  const closed: string[] = [];
  const ended = runConsole({
    port: more.port ?? 0,
    origins: more.origins ?? [],
    clock: manualClock(),
    log: memoryLog(),
    onServing: serving.resolve,
    link: {
      call: (): Promise<Result<string, Fault>> => Promise.resolve(fail("unavailable", "nobody is here")),
      listen: heard.resolve,
      close: () => void closed.push("closed"),
    },
  });
  return { ended, heard: heard.promise, serving: serving.promise, closed };
}

describe("runConsole", () => {
  test("ends as stopped when the gateway says so, and answers no more", async () => {
    const { ended, heard, serving, closed } = start();
    const port = await serving;
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    (await heard).onPayload({ kind: "stop" });
    expect(await ended).toEqual(ok("stopped"));
    expect(closed).toEqual(["closed"]);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });

  test("ends as lost when the connection does", async () => {
    const { ended, heard } = start();
    (await heard).onClose("closed_there");
    expect(await ended).toEqual(ok("lost"));
  });

  test("a port that is taken is a fault, and the connection is closed", async () => {
    const first = start();
    const second = start({ port: await first.serving });
    expect(await second.ended).toMatchObject({ ok: false, error: { code: "io", reason: "port_taken" } });
    expect(second.closed).toEqual(["closed"]);
    (await first.heard).onPayload({ kind: "stop" });
    await first.ended;
  });

  test.each([
    ["https://x.example/"],
    ["https://x.example/path"],
    ["x.example"],
    ["ftp://x.example"],
    ["null"],
    ["*"],
  ])("the configured origin %s is a fault", async (origin) => {
    expect(await start({ origins: [origin] }).ended).toMatchObject({ ok: false, error: { code: "config" } });
  });

  test("the rate of requests is limited, and refusals of the gate do not count", async () => {
    const { ended, heard, serving } = start();
    const url = `http://127.0.0.1:${await serving}/api/state`;
    const ask = async (headers: Record<string, string>): Promise<number> => {
      const response = await fetch(url, { method: "POST", body: "{}", headers });
      await response.arrayBuffer();
      return response.status;
    };
    for (let count = 0; count < 700; count += 1) {
      if ((await ask({ origin: "https://evil.example" })) !== 403) throw new Error("the gate let it through");
    }
    const origin = new URL(url).origin;
    const statuses: number[] = [];
    for (let count = 0; count < 601; count += 1) statuses.push(await ask({ origin }));
    expect(statuses.filter((status) => status === 401)).toHaveLength(600);
    expect(statuses.at(-1)).toBe(429);
    (await heard).onPayload({ kind: "stop" });
    await ended;
  });
});

describe("settings", () => {
  test.each([["65536"], ["-1"], ["1e3"], ["0x50"], [" 80"], ["port"]])("readPort refuses %p", (text) => {
    expect(readPort(text, 1)).toMatchObject({ ok: false, error: { code: "config" } });
  });
  test("readPort takes a number, and the default for none", () => {
    expect([readPort("18791", 1), readPort("", 7), readPort(undefined, 7)]).toEqual([
      ok(18_791),
      ok(7),
      ok(7),
    ]);
  });
  test.each([["{}"], ["[1]"], ["x"], ['"https://a.example"'], ["[null]"]])(
    "readOrigins refuses %p",
    (text) => {
      expect(readOrigins(text)).toMatchObject({ ok: false, error: { code: "config" } });
    },
  );
  test("readOrigins takes a list, and an empty one for none", () => {
    expect([readOrigins('["https://a.example"]'), readOrigins(undefined)]).toEqual([
      ok(["https://a.example"]),
      ok([]),
    ]);
  });
});
