import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadLibc } from "#host/libc.ts";
import { dataPaths } from "#host/paths.ts";
import type { Self } from "#host/self.ts";
import { landlockAbi } from "./landlock.ts";
import { planFor } from "./role-plans.ts";
import { launchRole } from "./start.ts";

const libc = loadLibc();
const abi = libc === undefined ? 0 : landlockAbi(libc);
const root = mkdtempSync(join(tmpdir(), "wirken-gateway-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.skipIf(abi === 0)(`a confined gateway (Landlock ABI ${abi}; needs Landlock)`, () => {
  test("a confined gateway writes its record and runs tools, and opens neither vault nor signer nor a socket", async () => {
    const paths = dataPaths(root);
    for (const [folder, file] of [
      [paths.vaultFolder, paths.vaultDb],
      [paths.state("signer"), join(paths.state("signer"), "memory")],
    ] as const) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(file, "SECRET");
    }
    const fixture = join(import.meta.dir, "gateway.fixture.ts");
    const self: Self = {
      command: [process.execPath, fixture],
      sourceRoot: join(import.meta.dir, "..", ".."),
    };
    const plan = planFor(
      { kind: "gateway" },
      { paths, self, webchatPort: 18_790, consolePort: 18_791, required: true },
    );
    const child = await launchRole(plan, {
      dataRoot: root,
      handoff: new Map(),
      onExit: () => undefined,
      self,
    });
    if (!child.ok) throw new Error(child.error.message);
    expect(await child.value.exited).toEqual({ code: 0, signal: undefined });
    const outcome: unknown = JSON.parse(readFileSync(join(paths.state("gateway"), "outcome.json"), "utf8"));
    expect(outcome).toEqual({
      vault: "EACCES",
      signer: "EACCES",
      dial: -97,
      output: "hi\n",
      report: { verdict: "none", code: 0, signal: null, leftovers: 1 },
    });
  });
});
