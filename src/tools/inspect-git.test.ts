import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { inspectPlan } from "#confine/inspect-plan.ts";
import { systemSupport } from "#confine/status.ts";
import { toolPlan } from "#confine/tool-plan.ts";
import { findProgram } from "./find-program.ts";
import { errorsOf, inspected, outputOf, put } from "./inspect-lab.case.ts";
import { type ToolLab, toolLab } from "./lab.case.ts";

const abi = systemSupport().landlockAbi;
const git = findProgram("git", "/");
const LOADER =
  ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"].find((path) => existsSync(path)) ?? "";
/** The object of a file that holds "first" and a newline. */
const FIRST = "9c59e24b8393179a5d712de4f990178df5734d99";
const FORMAT = "[core]\n repositoryformatversion = 0\n";

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

describe.skipIf(abi === 0 || git === undefined)(`git in a repository (Landlock ABI ${abi})`, () => {
  let lab: ToolLab;
  beforeAll(() => {
    lab = toolLab();
    hostileRepository();
    loaderRepository();
    partialRepository();
  });
  afterAll(() => lab[Symbol.dispose]());

  const folder = (name: string): string => join(lab.workspace, name);
  function plainGit(repository: string, ...words: string[]): void {
    const options = { env: GIT_ENV, stdout: "ignore", stderr: "ignore" } as const;
    const run = Bun.spawnSync(["git", "-C", folder(repository), ...words], options);
    if (run.exitCode !== 0) throw new Error(`git ${words.join(" ")}`);
  }

  /** Its settings and hooks name a program of its own wherever git knows a place for one. */
  function hostileRepository(): void {
    const mark = `${folder("hostile")}/started`;
    put(lab, "hostile/a.txt", "first\n");
    put(lab, "hostile/evil.sh", `#!/bin/sh\necho STARTED >&2\necho STARTED\nid > ${mark}\n`, 0o700);
    plainGit("hostile", "init", "-q");
    plainGit("hostile", "add", "a.txt");
    plainGit("hostile", "commit", "-qm", "one");
    put(lab, "hostile/.gitattributes", "* diff=evil filter=evil\n");
    put(lab, "hostile/hooks/post-index-change", `#!/bin/sh\nid > ${mark}\n`, 0o700);
    put(lab, "hostile/a.txt", "second\n");
    put(
      lab,
      "hostile/.git/config",
      FORMAT + HOSTILE_CONFIG.replaceAll("EVIL", `${folder("hostile")}/evil.sh`),
    );
  }

  /** It has the system's loader run a program that lies in it. */
  function loaderRepository(): void {
    const program = readFileSync(findProgram("pwd", "/")?.path ?? "");
    put(lab, "loader/bin/elf", program);
    put(lab, "loader/.gitattributes", "elf diff=loader\n");
    plainGit("loader", "init", "-q");
    plainGit("loader", "add", ".");
    plainGit("loader", "commit", "-qm", "one");
    put(lab, "loader/bin/elf", Buffer.concat([program, Buffer.from("another version of it")]));
    plainGit("loader", "add", ".");
    const section = `[diff "loader"]\n textconv = ${LOADER}\n command = ${LOADER}\n[diff]\n external = ${LOADER}\n`;
    put(lab, "loader/.git/config", FORMAT + section);
  }

  /** A file is missing, and where it could be had from is a program that lies in it. */
  function partialRepository(): void {
    put(lab, "partial/bin/elf", readFileSync(findProgram("pwd", "/")?.path ?? ""));
    put(lab, "partial/a.txt", "first\n");
    plainGit("partial", "init", "-q");
    plainGit("partial", "add", ".");
    plainGit("partial", "commit", "-qm", "one");
    put(lab, "partial/a.txt", "second\n");
    rmSync(join(folder("partial"), ".git/objects", FIRST.slice(0, 2), FIRST.slice(2)));
    const url = `ext::${LOADER} ${folder("partial")}/bin/elf`;
    const remote = `[remote "origin"]\n promisor = true\n url = ${url}\n[protocol "ext"]\n allow = always\n`;
    const format = "[core]\n repositoryformatversion = 1\n[extensions]\n partialClone = origin\n";
    put(lab, "partial/.git/config", format + remote);
  }

  const COMMANDS = [
    "git status",
    "git diff",
    "git log -p",
    "git show",
    "git log --stat",
    "git diff --cached",
    "git ls-files -m",
  ];

  test.each(COMMANDS)("%s starts no program that the repository names", async (command) => {
    const outcome = await lab.perform({ action: inspected(lab, command, "hostile") });
    expect(outcome.output).not.toContain("STARTED");
    expect(existsSync(join(folder("hostile"), "started"))).toBe(false);
  });

  test("the same repository starts them where it may", async () => {
    const plan = toolPlan({
      program: findProgram("/bin/sh", "/")?.path ?? "",
      argv: ["sh", "-c", "export GIT_CONFIG_NOSYSTEM=1; git diff; git status"],
      cwd: folder("hostile"),
      workspace: lab.workspace,
      temporary: join(lab.context.temporaryFolder, "k"),
      network: false,
      required: true,
    });
    await outputOf(lab, plan);
    expect(existsSync(join(folder("hostile"), "started"))).toBe(true);
  });

  test.skipIf(LOADER === "").each(["git diff --cached", "git log -p", "git show", "git diff HEAD"])(
    "%s hands no file of the repository to the loader of programs",
    async (command) => {
      const action = inspected(lab, command, "loader");
      const outcome = await lab.perform({ action });
      expect(outcome).toMatchObject({ ok: true, exitCode: 0 });
      expect(outcome.output).not.toContain(folder("loader"));
      // Without the flags that are put in, it would.
      const plan = inspectPlan({
        program: action.executable.path,
        argv: ["git", ...command.split(" ").slice(1)],
        cwd: folder("loader"),
        workspace: lab.workspace,
        temporary: join(lab.context.temporaryFolder, "k"),
        programs: [action.executable.path],
      });
      expect(await outputOf(lab, plan)).toContain(folder("loader"));
    },
  );

  test.skipIf(LOADER === "")("git fetches nothing for a repository that was cloned in part", async () => {
    const action = inspected(lab, "git diff", "partial");
    const outcome = await lab.perform({ action });
    expect(outcome).toMatchObject({ ok: false, code: "exit" });
    expect(outcome.output).not.toContain("bad line length");
    // Where a transport is allowed and programs start, git takes what that one prints for the other side's words.
    const plan = toolPlan({
      program: findProgram("/bin/sh", "/")?.path ?? "",
      argv: ["sh", "-c", "GIT_CONFIG_NOSYSTEM=1 git diff"],
      cwd: folder("partial"),
      workspace: lab.workspace,
      temporary: join(lab.context.temporaryFolder, "k"),
      network: false,
      required: true,
    });
    expect(await errorsOf(lab, plan)).toContain("bad line length");
  });

  test("git reads a repository of any person", async () => {
    put(lab, "plain/a.txt", "first\n");
    plainGit("plain", "init", "-q");
    plainGit("plain", "add", ".");
    plainGit("plain", "commit", "-qm", "one");
    put(lab, "plain/a.txt", "second\n");
    for (const [command, expected] of [
      ["git log --oneline", " one"],
      ["git diff", "+second"],
      ["git status --porcelain", " M a.txt"],
      ["git show --stat", "a.txt"],
      ["git branch --show-current", "main"],
    ] as const) {
      const outcome = await lab.perform({ action: inspected(lab, command, "plain") });
      expect([command, outcome.ok, outcome.output.includes(expected)]).toEqual([command, true, true]);
    }
  });
});

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
