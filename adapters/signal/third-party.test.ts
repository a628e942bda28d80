/**
 * A signal-cli that we did not write, where one is installed (`signal-cli` on the PATH, with the Java it needs).
 * Without an account no message can flow; what can be compared is: methods and parameters, framing, refusals, the
 * stream.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manualClock, systemClock } from "#runtime/clock.ts";
import { adapterLives } from "#kit/life-fake.ts";
import { ACCOUNT } from "#test/support/signal-fake/daemon.ts";
import { METHODS } from "#test/support/signal-fake/methods.ts";
import { freePort } from "#test/support/binary.ts";
import { signal } from "./main.ts";
import { signalRpc } from "./rpc.ts";
import { signalHandoff } from "./world.case.ts";

const PROGRAM = Bun.which("signal-cli");
const port = freePort();
const root = `http://127.0.0.1:${port}`;

describe.skipIf(PROGRAM === null)("the real signal-cli (skipped where none is installed)", () => {
  const program = PROGRAM ?? "signal-cli";
  const folder = mkdtempSync(join(tmpdir(), "wk-signal-"));
  let daemon: Bun.Subprocess | undefined;
  beforeAll(async () => {
    const words = ["daemon", "--http", `127.0.0.1:${port}`, "--receive-mode", "on-connection"];
    daemon = Bun.spawn([program, "--config", folder, ...words], { stdout: "ignore", stderr: "ignore" });
    for (let tries = 0; tries < 300; tries++) {
      const answer = await fetch(`${root}/api/v1/check`).catch(() => undefined);
      if (answer?.ok === true) return;
      await systemClock.sleep(100);
    }
    throw new Error("signal-cli did not start");
  }, 40_000);
  afterAll(async () => {
    daemon?.kill();
    await daemon?.exited;
    rmSync(folder, { recursive: true, force: true });
  });
  const rpc = () => {
    const { signal: ending } = new AbortController();
    return signalRpc({ account: ACCOUNT, root, fetch, clock: systemClock, signal: ending });
  };

  test("has every parameter that the fake's table names", async () => {
    for (const [method, params] of Object.entries(METHODS)) {
      const ran = Bun.spawn([program, "--config", folder, method, "--help"], {
        stdout: "pipe",
        stderr: "pipe",
      });
      const help = await new Response(ran.stdout).text();
      for (const name of Object.keys(params)) {
        const option = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
        expect(`${method} ${help}`).toMatch(new RegExp(`--${option}\\b|\\b${name}\\b`));
      }
    }
  }, 60_000);

  test("refuses an account that it does not have, by call and by stream", async () => {
    expect(await rpc().call("send", { recipient: ["x"], message: "x" })).toEqual({
      ok: false,
      error: { kind: "account" },
    });
    const { signal: ending } = new AbortController();
    expect(await rpc().events("0", ending)).toEqual({ ok: false, error: { kind: "account" } });
    expect(await rpc().call("noSuchMethod", {})).toMatchObject({ ok: false, error: { kind: "refused" } });
    expect(await rpc().call("listAccounts", {})).toEqual({ ok: true, value: [] });
  });

  test("is told apart from a missing one: the adapter says that the account is not there", async () => {
    const lives = adapterLives(() => signal, signalHandoff({ "api-base": root }), manualClock());
    const life = lives.start();
    for (let tries = 0; tries < 200 && lives.gateway.states.length < 2; tries++) await systemClock.sleep(20);
    expect(lives.gateway.states.at(-1)?.detail).toContain("does not have the account");
    life.kill();
  });
});
