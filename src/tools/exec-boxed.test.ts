import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail } from "#contracts/fault.ts";
import { ok } from "#contracts/result.ts";
import { dataPaths } from "#host/paths.ts";
import type { BoxEnd, BoxOrder, BoxPort } from "./box-port.ts";
import { type ToolLab, toolLab } from "./lab.case.ts";
import type { BoxContext } from "./tool.ts";

const DONE: BoxEnd = {
  report: { verdict: "none", code: 0, signal: null },
  changes: "a".repeat(64),
  changed: 2,
  lost: "",
};

/** A lab whose box answers `end` and keeps the orders. */
function boxed(end: BoxEnd | "gone" = DONE, over: Partial<BoxContext> = {}) {
  const orders: BoxOrder[] = [];
  const port: BoxPort = {
    enforced: true,
    ready: Promise.resolve(),
    detail: "",
    look: () => Promise.resolve({ fits: true, detail: "" }),
    run: async (order, watch) => {
      orders.push(order);
      watch.onOutput(new TextEncoder().encode("hello\n"));
      return end === "gone" ? fail("unavailable", "gone", { reason: "guard" }) : ok(end);
    },
    undo: () => Promise.resolve(ok(undefined)),
  };
  const box: BoxContext = {
    port,
    agent: "default",
    paths: dataPaths("/data"),
    folders: [],
    missing: "",
    ...over,
  };
  return { lab: toolLab({ box }), orders };
}

function kindOf(lab: ToolLab, args: Parameters<ToolLab["prepare"]>[1]): string {
  return lab.prepare("exec", args).action.kind;
}

describe("exec", () => {
  test("exec is boxed where the box holds, no network is wanted and the folders can be kept", () => {
    using at = boxed().lab;
    expect(kindOf(at, { command: "touch x" })).toBe("boxed_exec");
    const wanting = at.prepare("exec", { command: "touch x", network: ["a.example"] }).action;
    expect(wanting).toMatchObject({ kind: "shell_exec", boxed: true, network: ["https://a.example:443"] });
    const everywhere = at.prepare("exec", { command: "touch x", network: ["*"] }).action;
    expect(everywhere).toMatchObject({ kind: "shell_exec", boxed: false, network: ["*"] });
    using full = boxed(DONE, { missing: "its files cannot be kept" }).lab;
    expect(kindOf(full, { command: "touch x" })).toBe("shell_exec");
    expect(full.prepare("exec", { command: "touch x", network: ["a.example"] }).refusal).toContain(
      "hold a command",
    );
    using none = toolLab();
    expect(kindOf(none, { command: "touch x" })).toBe("shell_exec");
  });

  test("exec does not run a program in the box that has no name there", () => {
    const outside = realpathSync(mkdtempSync(join(tmpdir(), "wirken-outside-")));
    writeFileSync(join(outside, "tool"), "#!/bin/sh\n", { mode: 0o755 });
    using at = boxed().lab;
    expect(kindOf(at, { command: join(outside, "tool") })).toBe("shell_exec");
    using given = boxed(DONE, { folders: [{ path: outside, access: "read" }] }).lab;
    expect(kindOf(given, { command: join(outside, "tool") })).toBe("boxed_exec");
    rmSync(outside, { recursive: true });
  });

  test("exec runs exactly what was approved in the box, and offers to undo what it changed", async () => {
    const { lab, orders } = boxed();
    using at = lab;
    const prepared = at.prepare("exec", { command: "touch 'a b' && echo $HOME", cwd: "" });
    const outcome = await at.perform(prepared);
    expect(outcome).toMatchObject({ ok: true, exitCode: 0, output: "hello\n[exit 0]" });
    expect(outcome.boxUndo).toEqual({ changes: "a".repeat(64), changed: 2 });
    expect(orders).toEqual([
      {
        agent: "default",
        argv: ["/bin/sh", "-c", "touch 'a b' && echo $HOME"],
        cwd: ".",
        network: false,
        plan: prepared.action.plan,
        program: realpathSync("/bin/sh"),
      },
    ]);
  });

  test("exec refuses a boxed call whose words, folder, box or folders changed after it was decided", async () => {
    const { lab, orders } = boxed();
    using at = lab;
    const { action } = at.prepare("exec", { command: "touch x" });
    if (action.kind !== "boxed_exec") throw new Error(action.kind);
    const folders = [{ path: "/srv", access: "write" }] as const;
    for (const other of [{ argv: ["rm", "x"] as const }, { cwd: "sub" }, { folders }, { plan: "" }]) {
      expect(await at.perform({ action: { ...action, ...other } })).toMatchObject({ code: "changed" });
    }
    expect(orders).toEqual([]);
  });

  test("exec refuses a boxed call whose program is another file than the approved one", async () => {
    const { lab, orders } = boxed();
    using at = lab;
    const { action } = at.prepare("exec", { command: "touch x" });
    if (action.kind !== "boxed_exec") throw new Error(action.kind);
    const executable = { ...action.executable, sha256: "0".repeat(64) };
    expect(await at.perform({ action: { ...action, executable } })).toMatchObject({ code: "changed" });
    expect(orders).toEqual([]);
  });

  test("exec says of a box that went away that the outcome is not known, and of lost changes that they are lost", async () => {
    using gone = boxed("gone").lab;
    expect(await gone.run("exec", { command: "touch x" })).toMatchObject({ ok: false, code: "guard" });
    using lost = boxed({ ...DONE, changes: "", lost: "there is a special file" }).lab;
    const outcome = await lost.run("exec", { command: "touch x" });
    expect(outcome.output).toContain("cannot be undone: there is a special file");
    expect(outcome.boxUndo).toBeUndefined();
  });

  test("exec starts in a folder that the operator gave, by its plain absolute path, and in no other", () => {
    const given = realpathSync(mkdtempSync(join(tmpdir(), "wirken-given-")));
    mkdirSync(join(given, "sub"));
    using at = boxed(DONE, { folders: [{ path: given, access: "read" }] }).lab;
    expect(at.prepare("exec", { command: "touch x", cwd: join(given, "sub") })).toMatchObject({
      action: { kind: "boxed_exec", cwd: join(given, "sub") },
    });
    for (const cwd of [`${given}/../x`, `${given}x`, "/etc", `${given}/./sub`]) {
      expect([cwd, at.prepare("exec", { command: "touch x", cwd }).refusal !== undefined]).toEqual([
        cwd,
        true,
      ]);
    }
    expect(at.prepare("exec", { command: "touch x", cwd: given, network: ["*"] }).refusal).toBeDefined();
    rmSync(given, { recursive: true });
  });
});
