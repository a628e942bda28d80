import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspectPlan } from "#confine/inspect-plan.ts";
import { systemSupport } from "#confine/status.ts";
import { toolPlan } from "#confine/tool-plan.ts";
import { SYSTEM_PATH } from "#host/env.ts";
import { doesItself } from "./exec-inspect.ts";
import { findProgram } from "./find-program.ts";
import { inspected, outputOf, put } from "./inspect-lab.case.ts";
import { toolLab } from "./lab.case.ts";

const abi = systemSupport().landlockAbi;
// Without Landlock no command counts as reading: the suite's name says so.
const where = abi === 0 ? describe.skip : describe;

where(`a reading command under Landlock ABI ${abi}`, () => {
  test("exec reads with one program, with several, and from a folder of the workspace", async () => {
    using lab = toolLab();
    put(lab, "src/a.txt", "one\ntwo\nthree\n");
    expect(inspected(lab, "cat src/a.txt")).toMatchObject({
      argv: ["cat", "src/a.txt"],
      script: "",
      within: "src",
    });
    expect((await lab.run("exec", { command: "cat src/a.txt" })).output).toBe("one\ntwo\nthree\n[exit 0]");
    const piped = inspected(lab, "cat  a.txt|grep -c  'o'  2>/dev/null", "src");
    expect(piped.argv).toEqual(["/bin/sh", "-c", "cat a.txt | grep -c o 2>/dev/null"]);
    expect(piped.commands.map(({ executable }) => executable.path)).toEqual([
      findProgram("cat", "/")?.path ?? "",
      findProgram("grep", "/")?.path ?? "",
    ]);
    expect(await lab.perform({ action: piped })).toMatchObject({ ok: true, output: "2\n[exit 0]" });
    expect((await lab.run("exec", { command: "cd src && sort -r < a.txt | head -1; pwd" })).output).toBe(
      `two\n${lab.workspace}/src\n[exit 0]`,
    );
  });

  test("exec asks each time for a reading command with network, or on a machine that cannot hold it to reading", () => {
    using lab = toolLab();
    expect(lab.prepare("exec", { command: "ls", network: ["a.example"] }).action.kind).not.toBe(
      "shell_inspect",
    );
    using open = toolLab({ confinesReading: false });
    expect(open.prepare("exec", { command: "ls" }).action.kind).not.toBe("shell_inspect");
  });

  test("exec never takes a program of the workspace, wherever it lies and whatever runs", async () => {
    using lab = toolLab();
    for (const name of ["ls", "git", "cat", "sub/ls"]) put(lab, name, "#!/bin/sh\necho bound anew\n", 0o700);
    for (const [command, cwd] of [
      ["ls", "."],
      ["ls", "sub"],
      ["ls | cat", "."],
    ] as const) {
      const action = inspected(lab, command, cwd);
      for (const { executable } of action.commands) expect(executable.path).toStartWith("/usr/");
      expect((await lab.perform({ action })).output).not.toContain("bound anew");
    }
    expect(lab.prepare("exec", { command: "./ls" }).action.kind).not.toBe("shell_inspect");
  });

  test("exec follows no link out of the workspace", async () => {
    using lab = toolLab();
    writeFileSync(join(lab.root, "secret"), "SECRET");
    symlinkSync(join(lab.root, "secret"), join(lab.workspace, "link"));
    symlinkSync(lab.root, join(lab.workspace, "folder"));
    for (const command of [
      "cat link",
      "cat folder/secret",
      "ls folder",
      "cd folder && cat secret",
      "cat < link",
    ]) {
      const outcome = await lab.perform({ action: inspected(lab, command) });
      expect([command, outcome.ok]).toEqual([command, false]);
      expect(outcome.output).not.toContain("SECRET");
    }
  });

  test("exec says changed when a program, the folder, a word or the plan is another than the approved one", async () => {
    using lab = toolLab();
    const action = inspected(lab, "ls | cat");
    const other = { path: findProgram("id", "/")?.path ?? "", sha256: findProgram("id", "/")?.sha256 ?? "" };
    const [first, ...rest] = action.commands;
    const changes = [
      { executable: { ...action.executable, sha256: "00".repeat(32) } },
      { executable: other },
      {
        commands: [
          { ...first, executable: { ...first.executable, sha256: "00".repeat(32) } },
          ...rest,
        ] as const,
      },
      { commands: [{ ...first, executable: other }, ...rest] as const },
      { argv: ["/bin/sh", "-c", "id"] as const },
      { cwd: "sub" },
      { plan: "00".repeat(32) },
    ];
    for (const change of changes) {
      expect(await lab.perform({ action: { ...action, ...change } })).toMatchObject({
        ok: false,
        code: "changed",
      });
    }
    expect((await lab.perform({ action })).ok).toBe(true);
  });

  test("inspectPlan hands on no setting of the person, the system or the workspace", () => {
    const facts = {
      program: "/usr/bin/git",
      argv: ["git", "status"],
      cwd: "/data/workspace/r",
      workspace: "/data/workspace",
      temporary: "/data/tmp/k",
    } as const;
    const { env, required, network, unixSockets } = inspectPlan({ ...facts, programs: [facts.program] });
    const closed = toolPlan({ ...facts, network: false, required: true });
    expect({ required, network, unixSockets }).toEqual({
      required: true,
      network: closed.network,
      unixSockets: "none",
    });
    expect(env).toEqual({
      PATH: SYSTEM_PATH,
      HOME: "/data/tmp/k",
      TMPDIR: "/data/tmp/k",
      LANG: "C.UTF-8",
      TERM: "dumb",
      GIT_CEILING_DIRECTORIES: "/data",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "core.fsmonitor",
      GIT_CONFIG_VALUE_0: "false",
      GIT_CONFIG_KEY_1: "log.showSignature",
      GIT_CONFIG_VALUE_1: "false",
      GIT_ALLOW_PROTOCOL: "none",
      GIT_OPTIONAL_LOCKS: "0",
      GIT_TERMINAL_PROMPT: "0",
      GIT_NO_LAZY_FETCH: "1",
    });
  });

  test("the box of a reading command writes nothing, starts nothing else, connects to nothing", async () => {
    using lab = toolLab();
    put(lab, "kept", "as it was");
    put(lab, "run.sh", "#!/bin/sh\necho ran\n", 0o700);
    const attacks = [
      "echo x > new",
      "echo x >> kept",
      ": > kept",
      "read -r line <> kept && echo x 1>&0",
      "/usr/bin/id",
      "./run.sh",
      "/bin/bash -c true",
      `${process.execPath} --version`,
      "exec 3<>/dev/tcp/127.0.0.1/80",
      "read -r x < /etc/shadow",
      `read -r x < ${lab.root}/secret`,
      "cat kept",
    ];
    writeFileSync(join(lab.root, "secret"), "SECRET\n");
    const script = attacks
      .map((attack, at) => `( ${attack} ) 2>/dev/null && echo "${at} possible"`)
      .join("\n");
    const sh = findProgram("/bin/sh", "/")?.path ?? "";
    const facts = {
      program: sh,
      argv: ["sh", "-c", `${script}\ntrue`] as const,
      cwd: lab.workspace,
      workspace: lab.workspace,
      temporary: join(lab.context.temporaryFolder, "k"),
    };
    expect(await outputOf(lab, inspectPlan({ ...facts, programs: [sh] }))).toBe("");
    expect(readFileSync(join(lab.workspace, "kept"), "utf8")).toBe("as it was");
    expect(existsSync(join(lab.workspace, "new"))).toBe(false);
    // The same in the box of any command: the attacks are real ones.
    const loose = await outputOf(lab, toolPlan({ ...facts, network: false, required: true }));
    for (const at of [0, 1, 4, 5, 6]) expect(loose).toContain(`${at} possible`);
  });
});

describe("doesItself", () => {
  const own = { ours: "/opt/wirken", workspace: "/w" };
  test.each([
    ["ls", "/usr/bin/ls", true],
    ["ls", "/usr/lib/cargo/bin/coreutils", true],
    ["ls", "/bin/busybox", true],
    ["ls", "/usr/bin/python3", false],
    ["cat", "/opt/wirken", false],
    ["wirken", "/opt/wirken", false],
    ["ls", "/w/ls", false],
    ["ls", "/w/bin/ls", false],
    ["ls", "/usr/bin/lsof", false],
    ["ls", "/w2/ls", true],
  ])("doesItself of %p at %p is %p", (name, path, expected) => {
    expect(doesItself(name, path, own)).toBe(expected);
  });
});
