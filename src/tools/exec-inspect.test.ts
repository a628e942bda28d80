import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ActionOf } from "#contracts/action.ts";
import { inspectPlan } from "#confine/inspect-plan.ts";
import { launchTool } from "#confine/start.ts";
import { systemSupport } from "#confine/status.ts";
import { TOOL_GUARD, toolPlan } from "#confine/tool-plan.ts";
import { doesItself } from "./exec-inspect.ts";
import { findProgram } from "./find-program.ts";
import { type ToolLab, toolLab } from "./lab.case.ts";

const abi = systemSupport().landlockAbi;
// Without Landlock no command counts as reading: the suite's name says so.
const where = abi === 0 ? describe.skip : describe;
const git = findProgram("git", "/");

function put(lab: ToolLab, path: string, text: string, mode = 0o600): void {
  const whole = join(lab.workspace, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text, { mode });
}

function inspected(lab: ToolLab, command: string, cwd = "."): ActionOf<"shell_inspect"> {
  const { action } = lab.prepare("exec", { command, cwd });
  if (action.kind !== "shell_inspect") throw new Error(`${command}: ${action.kind}`);
  return action;
}

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
    expect(lab.prepare("exec", { command: "ls", network: true }).action.kind).not.toBe("shell_inspect");
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

async function outputOf(lab: ToolLab, plan: Parameters<typeof launchTool>[0]): Promise<string> {
  const run = launchTool(plan, TOOL_GUARD, { dataRoot: lab.context.dataRoot, self: lab.context.self });
  if (!run.ok) throw new Error(run.error.message);
  const text = await new Response(run.value.stdout).text();
  await run.value.ended;
  return text;
}

/** What a repository can name that git would start, each printing a word that no reading does. */
const HOSTILE_CONFIG = `
[core]
  fsmonitor = EVIL
  hooksPath = hooks
  pager = EVIL
  editor = EVIL
  sshCommand = EVIL
[pager]
  log = EVIL
  diff = EVIL
  status = EVIL
[diff]
  external = EVIL
[diff "evil"]
  textconv = EVIL
  command = EVIL
[filter "evil"]
  clean = EVIL
  smudge = EVIL
  process = EVIL
  required = true
[gpg]
  program = EVIL
[log]
  showSignature = true
[alias]
  log = !EVIL
  status = !EVIL
[interactive]
  diffFilter = EVIL
`;

describe.skipIf(abi === 0 || git === undefined)(
  `git in a repository that names programs (Landlock ABI ${abi})`,
  () => {
    let lab: ToolLab;
    const repository = (name: string): string => join(lab.workspace, name);
    beforeAll(() => {
      lab = toolLab();
      const bare = (...words: string[]): void => {
        const run = Bun.spawnSync(["git", "-C", repository("r"), ...words], {
          env: GIT_ENV,
          stdout: "ignore",
          stderr: "ignore",
        });
        if (run.exitCode !== 0) throw new Error(`git ${words.join(" ")}`);
      };
      put(lab, "r/a.txt", "first\n");
      put(
        lab,
        "r/evil.sh",
        `#!/bin/sh\necho STARTED >&2\necho STARTED\nid > ${repository("r")}/started\n`,
        0o700,
      );
      bare("init", "-q");
      bare("add", "a.txt");
      bare("commit", "-qm", "one");
      put(lab, "r/.gitattributes", "* diff=evil filter=evil\n");
      put(lab, "r/hooks/post-index-change", `#!/bin/sh\nid > ${repository("r")}/started\n`, 0o700);
      put(lab, "r/a.txt", "second\n");
      const config = HOSTILE_CONFIG.replaceAll("EVIL", `${repository("r")}/evil.sh`);
      writeFileSync(join(repository("r"), ".git/config"), `[core]\n repositoryformatversion = 0\n${config}`);
    });
    afterAll(() => lab[Symbol.dispose]());

    const COMMANDS = [
      "git status",
      "git diff",
      "git log -p",
      "git show",
      "git log --stat",
      "git diff --cached",
      "git ls-files -m",
    ];

    test.each(COMMANDS)("%s starts none of them", async (command) => {
      const outcome = await lab.perform({ action: inspected(lab, command, "r") });
      expect(outcome.output).not.toContain("STARTED");
      expect(existsSync(join(repository("r"), "started"))).toBe(false);
    });

    test("the same repository starts them where it may", async () => {
      const plan = toolPlan({
        program: findProgram("/bin/sh", "/")?.path ?? "",
        argv: ["sh", "-c", "export GIT_CONFIG_NOSYSTEM=1; git diff; git status"],
        cwd: repository("r"),
        workspace: lab.workspace,
        temporary: join(lab.context.temporaryFolder, "k"),
        network: false,
        required: true,
      });
      await outputOf(lab, plan);
      expect(existsSync(join(repository("r"), "started"))).toBe(true);
    });

    test("git reads a repository without such settings", async () => {
      writeFileSync(join(repository("r"), ".git/config"), "[core]\n repositoryformatversion = 0\n");
      rmSync(join(repository("r"), ".gitattributes"));
      for (const [command, expected] of [
        ["git log --oneline", " one"],
        ["git diff", "+second"],
        ["git status --porcelain", " M a.txt"],
        ["git show --stat", "a.txt"],
        ["git branch --show-current", "main"],
      ] as const) {
        const outcome = await lab.perform({ action: inspected(lab, command, "r") });
        expect([command, outcome.ok, outcome.output.includes(expected)]).toEqual([command, true, true]);
      }
    });
  },
);

const GIT_ENV = {
  PATH: "/usr/bin:/bin",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_COUNT: "3",
  GIT_CONFIG_KEY_0: "user.name",
  GIT_CONFIG_VALUE_0: "t",
  GIT_CONFIG_KEY_1: "user.email",
  GIT_CONFIG_VALUE_1: "t@example.com",
  GIT_CONFIG_KEY_2: "init.defaultBranch",
  GIT_CONFIG_VALUE_2: "main",
};

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
