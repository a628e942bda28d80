import { describe, expect, test } from "bun:test";
import { type SpawnOptions, spawnChild } from "./spawn.ts";

function start(options: Partial<SpawnOptions> & Pick<SpawnOptions, "argv">) {
  const child = spawnChild({ env: {}, cwd: "/", ...options });
  if (!child.ok) throw new Error(child.error.message);
  return child.value;
}

describe("spawnChild", () => {
  test("spawnChild gives the child nothing of our environment", async () => {
    const child = start({ argv: ["/usr/bin/env"], env: { ONLY: "this" }, stdout: "pipe" });
    expect(await new Response(child.stdout).text()).toBe("ONLY=this\n");
    expect(await child.exited).toEqual({ code: 0, signal: undefined });
  });

  test("spawnChild writes stdin and ends it", async () => {
    const child = start({ argv: ["/bin/cat"], stdin: "pipe", stdout: "pipe" });
    expect(await child.write(new TextEncoder().encode("hello"))).toBe(true);
    await child.endInput();
    expect(await new Response(child.stdout).text()).toBe("hello");
  });

  test("spawnChild tells a signal from a code, and disposing kills", async () => {
    const child = start({ argv: ["/bin/sleep", "20"] });
    expect(child.running()).toBe(true);
    child[Symbol.dispose]();
    expect(await child.exited).toEqual({ code: undefined, signal: "SIGKILL" });
    expect(child.running()).toBe(false);
  });

  test("spawnChild turns a missing program into a fault", () => {
    expect(spawnChild({ argv: ["/nowhere/program"], env: {}, cwd: "/" })).toMatchObject({
      ok: false,
      error: { code: "io", reason: "ENOENT" },
    });
  });
});
