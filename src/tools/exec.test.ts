import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LIMITS } from "#contracts/limits.ts";
import { landlockAbi } from "#confine/landlock.ts";
import { loadLibc } from "#host/libc.ts";
import { allProcesses } from "#host/process-tree.ts";
import { readFileSync } from "node:fs";
import { toolLab } from "./lab.case.ts";

const libc = loadLibc();
const abi = libc === undefined ? 0 : landlockAbi(libc);
// Without Landlock (or off Linux) a command's walls cannot be shown: the reason stands in the suite's name.
const where = abi === 0 ? describe.skip : describe;

/** Processes whose command line holds `mark`. */
function running(mark: string): number {
  return allProcesses().filter(({ pid, ended }) => {
    try {
      return !ended && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(mark);
    } catch {
      return false;
    }
  }).length;
}

where(`exec under Landlock ABI ${abi} (needs Landlock)`, () => {
  test("exec runs a plain command without a shell and a script with one", async () => {
    using lab = toolLab();
    const plain = lab.prepare("exec", { command: "printenv 'two  words' x=1 HOME" });
    expect(plain.action).toMatchObject({
      kind: "shell_exec",
      argv: ["printenv", "two  words", "x=1", "HOME"],
      script: "",
    });
    expect(await lab.perform(plain)).toMatchObject({ exitCode: 1, output: `${lab.workspace}\n[exit 1]` });
    const script = lab.prepare("exec", { command: "echo $HOME | tr a-z A-Z; exit 3" });
    expect(script.action).toMatchObject({ argv: ["/bin/sh", "-c", "echo $HOME | tr a-z A-Z; exit 3"] });
    const outcome = await lab.perform(script);
    expect(outcome).toMatchObject({ ok: false, code: "exit", exitCode: 3 });
    expect(outcome.output).toBe(`${lab.workspace.toUpperCase()}\n[exit 3]`);
  });

  test("exec reads and writes the workspace and its own temporary folder, which is gone afterwards", async () => {
    using lab = toolLab();
    writeFileSync(join(lab.workspace, "tool.sh"), "#!/bin/sh\necho ran > out; mktemp; mv out out2\n");
    chmodSync(join(lab.workspace, "tool.sh"), 0o700);
    const outcome = await lab.run("exec", { command: "./tool.sh" });
    expect(outcome.ok).toBe(true);
    expect(outcome.output).toContain(join(lab.root, "agents/default/tmp/k-"));
    expect(existsSync(join(lab.workspace, "out2"))).toBe(true);
    expect(readdirSync(join(lab.root, "agents/default/tmp"))).toEqual([]);
  });

  test("exec reaches no vault, no other agent, no home, no socket, no network and no process of ours", async () => {
    using lab = toolLab();
    mkdirSync(join(lab.root, "vault"));
    mkdirSync(join(lab.root, "agents", "other"));
    writeFileSync(join(lab.root, "vault", "vault.db"), "SECRET");
    writeFileSync(join(lab.root, "agents", "other", "file"), "SECRET");
    writeFileSync(join(lab.root, "agents", "default", "AGENT.md"), "SECRET");
    const control = join(lab.root, "control.sock");
    let connections = 0;
    const server = Bun.listen({
      unix: control,
      socket: {
        open: () => {
          connections += 1;
        },
        data: () => undefined,
      },
    });
    const attacks = [
      "cat ../../../vault/vault.db",
      "cat ../../other/file",
      "cat ../AGENT.md",
      "echo x > ../AGENT.md",
      "ln -s ../../../vault/vault.db v && cat v",
      `cat /proc/self/root${lab.root}/vault/vault.db`,
      "ls /root",
      "ls /tmp",
      "cat /etc/shadow",
      `cat /proc/${process.pid}/environ`,
      `kill -9 ${process.pid}`,
      "kill -9 $PPID",
      `python3 -c "import socket; socket.socket(socket.AF_UNIX).connect('${control}')"`,
      `python3 -c "import socket; socket.socket(socket.AF_INET)"`,
      "unshare -Ur true",
      "mkfifo f",
      "mknod n c 1 1",
    ];
    const script = attacks
      .map((attack, index) => `( ${attack} ) 2>/dev/null && echo "${index} possible"`)
      .join("\n");
    const outcome = await lab.run("exec", { command: `${script}\ntrue` });
    server.stop(true);
    expect(outcome.output).toBe("[exit 0]");
    expect(connections).toBe(0);
    expect(readFileSync(join(lab.root, "agents/default/AGENT.md"), "utf8")).toBe("SECRET");
  });

  test("exec ends with everything it started, wherever that went", async () => {
    using lab = toolLab();
    const command =
      "setsid sh -c 'setsid sleep 31.4159 &' & sleep 31.4159 & (sleep 31.4159 > kept &) ; sleep 0.2; echo done";
    const outcome = await lab.run("exec", { command });
    expect(outcome.output).toMatch(/^done\n\[exit 0; ended \d left running\]$/);
    expect(running("31.4159")).toBe(0);
  });

  test("exec stops at once when it is told to, with its children", async () => {
    using lab = toolLab();
    const stop = new AbortController();
    const prepared = lab.prepare("exec", { command: "echo begun; sleep 27.1828 & sleep 27.1828" });
    const started = performance.now();
    const outcome = await lab.perform(prepared, { signal: stop.signal, onLine: () => stop.abort() });
    expect(outcome).toMatchObject({ ok: false, code: "stopped", output: "begun\n[stopped]" });
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(running("27.1828")).toBe(0);
  });

  test("exec survives a flood of output with head, tail and count", async () => {
    using lab = toolLab();
    const outcome = await lab.run("exec", {
      command: "echo first; yes é | head -c 30000000; echo; echo last",
    });
    expect(outcome.truncated).toBe(true);
    expect(outcome.bytes).toBe(30_000_012);
    expect(Buffer.byteLength(outcome.output)).toBeLessThan(LIMITS.tool_output_bytes_max + 64);
    expect(outcome.output).toMatch(/^first\né\n[^]*bytes left out\]\n[^]*\nlast\n\[exit 0\]$/);
    expect(outcome.output).not.toContain("\ufffd");
  });

  // Bounded on purpose: a real fork bomb would take the machine of whoever runs the tests with it if this failed.
  test("exec ends a command that starts too many processes", async () => {
    using lab = toolLab();
    const command = "i=0; while [ $i -lt 400 ]; do sleep 16.1803 & i=$((i+1)); done; wait";
    const outcome = await lab.run("exec", { command });
    expect(outcome).toMatchObject({ ok: false, code: "processes" });
    expect(running("16.1803")).toBe(0);
  });

  test("exec cannot be answered with another program, folder or plan than the approved one", async () => {
    using lab = toolLab();
    const tool = join(lab.workspace, "tool");
    writeFileSync(tool, "#!/bin/sh\necho approved\n", { mode: 0o700 });
    const prepared = lab.prepare("exec", { command: "./tool" });
    writeFileSync(tool, "#!/bin/sh\necho another\n");
    expect(await lab.perform(prepared)).toMatchObject({ ok: false, code: "changed" });
    const { action } = lab.prepare("exec", { command: "id" });
    if (action.kind !== "shell_exec") throw new Error(action.kind);
    for (const changed of [{ network: ["*"] }, { argv: ["false"] as const }, { cwd: "sub" }]) {
      expect(await lab.perform({ action: { ...action, ...changed } })).toMatchObject({ code: "changed" });
    }
  });

  const python = Bun.which("python3");
  test.skipIf(python === null)(
    "exec without network has no socket; with network TCP, no Unix socket (needs python3)",
    async () => {
      using lab = toolLab();
      const probe = (family: string) => `python3 -c "import socket; socket.socket(socket.${family})"`;
      expect((await lab.run("exec", { command: probe("AF_INET") })).ok).toBe(false);
      expect((await lab.run("exec", { command: probe("AF_INET"), network: ["*"] })).ok).toBe(true);
      expect((await lab.run("exec", { command: probe("AF_UNIX"), network: ["*"] })).ok).toBe(false);
    },
  );
});

describe("exec arguments", () => {
  test.each([
    ["", true],
    ["  ", true],
    ["a\0b", true],
    ["true", false],
  ])("exec of %p is refused: %p", (command, refused) => {
    using lab = toolLab();
    expect(lab.prepare("exec", { command }).refusal !== undefined).toBe(refused);
  });

  test("exec refuses a folder outside the workspace", () => {
    using lab = toolLab();
    expect(lab.prepare("exec", { command: "true", cwd: "../.." }).refusal).toBeDefined();
  });
});
