/** The view of a box as the kernel makes it, started by hand: without the checks that the box role makes before it. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boxPlan } from "#confine/box-plan.ts";
import { encodeOrder } from "#confine/launch-order.ts";
import { namespacePrefix } from "#confine/namespaces.ts";
import type { LaunchPlan } from "#confine/plan.ts";
import { toolPlan } from "#confine/tool-plan.ts";
import { dataPaths } from "#host/paths.ts";
import { STUB, whyNoBox } from "./lab.case.ts";

const prefix = namespacePrefix("no proc");
const words = prefix.ok ? prefix.value : [];
/** Whether the kernel makes namespaces here at all, asked without anything of ours. */
const canMake = words.length > 0 && Bun.spawnSync([...words, "/bin/true"]).exitCode === 0;
const confines = process.platform === "linux";

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "wirken-view-")));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Starts the stub with a plan, within `before`. */
function start(plan: LaunchPlan, before: readonly string[], parent: number) {
  const order = encodeOrder({ plan, parent, keepFds: 0 });
  if (!order.ok) throw new Error(order.error.message);
  const ran = Bun.spawnSync([...before, ...STUB.command, "launch", order.value], { env: {}, cwd: "/" });
  return { code: ran.exitCode, said: ran.stdout.toString() + ran.stderr.toString() };
}

function boxOf(script: string): LaunchPlan {
  const argv = ["/bin/sh", "-c", script] as const;
  return boxPlan({
    paths: dataPaths(root),
    agent: "a",
    folders: [],
    program: "/bin/sh",
    argv,
    cwd: ".",
    network: false,
  });
}

function makeFolders(): void {
  const paths = dataPaths(root);
  for (const folder of [paths.workspace("a"), paths.boxHome("a")]) mkdirSync(folder, { recursive: true });
}

describe.if(canMake)("a box, where the kernel makes namespaces", () => {
  test("holds: what the self-test finds missing would skip every other test of it", async () => {
    expect(await whyNoBox()).toBe("");
  });

  test("has no name for what its plan does not name, nor for the root before", () => {
    makeFolders();
    mkdirSync(dataPaths(root).vaultFolder);
    const hidden = [
      "/.old",
      "/.old/etc",
      "/home",
      "/root",
      "/var",
      "/sys/fs/cgroup",
      dataPaths(root).vaultFolder,
    ];
    const look = [...hidden, "/usr", "/proc/1"].map((path) => `test -e ${path} && echo ${path}`);
    const { said } = start(boxOf(`${look.join("; ")}; test -e /proc/2 && echo others`), words, 0);
    expect(said.trim().split("\n")).toEqual(["/usr", "/proc/1"]);
  });

  test("cannot change its own root, which no rule of Landlock protects from a change of mode or time", () => {
    makeFolders();
    const { said } = start(boxOf("chmod 700 / 2>&1; touch -c -d @0 / 2>&1; stat -c %a /"), words, 0);
    expect(said.match(/Read-only file system/g)).toHaveLength(2);
    expect(said).toEndWith("755\n");
  });

  test("is not entered when a folder that was made for it became a link", () => {
    makeFolders();
    const workspace = dataPaths(root).workspace("a");
    const elsewhere = join(root, "elsewhere");
    mkdirSync(elsewhere);
    rmSync(workspace, { recursive: true });
    symlinkSync(elsewhere, workspace);
    const { code, said } = start(boxOf("echo ran > ran"), words, 0);
    expect(code).not.toBe(0);
    expect(said).toContain("a folder of the plan is a link");
    expect(readdirSync(elsewhere)).toEqual([]);
  });
});

describe.if(confines)("a tool run's stub", () => {
  function runOf(script: string, workspace: string): LaunchPlan {
    const temporary = join(root, "tmp");
    mkdirSync(temporary, { recursive: true });
    const argv = ["/bin/sh", "-c", script] as const;
    const facts = { program: realpathSync("/bin/sh"), argv, cwd: "/", workspace, temporary };
    return toolPlan({ ...facts, network: false, required: true });
  }

  test("grants nothing through a folder that became a link", () => {
    const elsewhere = join(root, "elsewhere");
    mkdirSync(elsewhere);
    const workspace = join(root, "workspace");
    symlinkSync(elsewhere, workspace);
    const { code, said } = start(runOf(`echo ran > ${elsewhere}/ran`, workspace), [], process.pid);
    expect(code).not.toBe(0);
    expect(said).not.toContain("ran");
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test.each([
    [[], "refused"],
    ["any", "listens"],
  ] as const)("keeps a program to the ports that its plan lets it listen on (%p): %s", (bind, expected) => {
    const workspace = join(root, "workspace");
    mkdirSync(workspace);
    const script =
      "try { Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } }).stop(); console.log('listens') }" +
      " catch { console.log('refused') }";
    const plan = runOf("", workspace);
    const { said } = start(
      {
        ...plan,
        program: process.execPath,
        args: ["bun", "-e", script],
        paths: [...plan.paths, { path: process.execPath, rights: "run" }],
        network: { connect: [], bind, sockets: "any" },
      },
      [],
      process.pid,
    );
    expect(said.trim()).toBe(expected);
  });

  test("leaves its program no capability and no way to gain one", () => {
    const workspace = join(root, "workspace");
    mkdirSync(workspace);
    const { said } = start(
      runOf("grep -E '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs):' /proc/self/status", workspace),
      [],
      process.pid,
    );
    const facts = said
      .trim()
      .split("\n")
      .map((line) => line.split(/:\s*/));
    expect(Object.fromEntries(facts)).toEqual({
      CapInh: "0000000000000000",
      CapPrm: "0000000000000000",
      CapEff: "0000000000000000",
      CapAmb: "0000000000000000",
      NoNewPrivs: "1",
    });
  });
});
