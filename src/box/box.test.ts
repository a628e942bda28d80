import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { readlinkSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepTrees } from "./kept-tree.ts";
import { KeptObjects } from "./kept-objects.ts";
import { type BoxLab, boxLab, whyNoBox } from "./lab.case.ts";

const missing = await whyNoBox();
const where = missing === "" ? describe : describe.skip;

function changesOf(lab: BoxLab): string {
  const end = lab.sent.at(-1);
  return end?.kind === "ended" ? end.changes : "";
}

where(`the box${missing === "" ? "" : `: ${missing}`}`, () => {
  test("runBoxed gives back output and exit code, and keeps home from run to run but not /tmp", async () => {
    using lab = boxLab();
    const first = await lab.run("echo out; echo err >&2; echo kept > $HOME/h; echo gone > /tmp/t; exit 7");
    expect(first.output.split("\n").sort()).toEqual(["", "err", "out"]);
    expect(first.end).toMatchObject({ kind: "ended", report: { verdict: "none", code: 7 }, changed: 0 });
    const second = await lab.run("cat $HOME/h; ls /tmp/t 2>/dev/null");
    expect(second.output).toBe("kept\n");
    expect(statSync(lab.paths.boxHome("default")).mode & 0o777).toBe(0o700);
  });

  test("BoxDesk refuses a run whose plan is not the approved one", async () => {
    using lab = boxLab();
    const ran = await lab.run("echo ran > ran", { plan: "0".repeat(64) });
    expect(ran.end).toMatchObject({ kind: "refused", reason: "changed" });
    expect(existsSync(join(lab.workspace, "ran"))).toBe(false);
  });

  test("BoxDesk ends a box when it is told to, with all that runs in it", async () => {
    using lab = boxLab();
    const running = lab.run("setsid sleep 31.25 & sleep 31.25 & echo begun; wait");
    while (!lab.sent.some(({ kind }) => kind === "output")) await Bun.sleep(5);
    await lab.desk.take({ kind: "stop", id: 1 });
    expect((await running).end).toMatchObject({ report: { verdict: "stopped" } });
    const commands = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    const left = commands.filter((pid) => cmdline(pid).includes("31.25"));
    expect(left).toEqual([]);
  });

  // Bounded on purpose: a real fork bomb would take the machine with it if this failed.
  test("runBoxed ends a command that starts too many processes", async () => {
    using lab = boxLab();
    const ran = await lab.run("i=0; while [ $i -lt 400 ]; do sleep 16.25 & i=$((i+1)); done; wait");
    const { end } = ran;
    if (end.kind !== "ended") throw new Error(end.kind);
    // As root the watch ends it; for others the kernel refuses the next process first, and the shell gives up.
    expect(end.report.verdict === "processes" || end.report.code !== 0).toBe(true);
  });

  test("a folder given for reading can be read and run, one for writing changed, and nothing else seen", async () => {
    using lab = boxLab();
    const outside = realpathSync(mkdtempSync(join(tmpdir(), "wirken-given-")));
    try {
      const [reads, writes, hidden] = ["reads", "writes", "hidden"].map((name) => join(outside, name));
      if (reads === undefined || writes === undefined || hidden === undefined) throw new Error("three");
      for (const folder of [reads, writes, hidden]) mkdirSync(folder);
      writeFileSync(join(reads, "tool"), "#!/bin/sh\necho ran\n", { mode: 0o755 });
      lab.give([
        { path: reads, access: "read" },
        { path: writes, access: "write" },
      ]);
      const script = `${reads}/tool; echo x > ${reads}/no; echo y > ${writes}/yes; ls ${outside}`;
      const ran = await lab.run(script, { cwd: writes });
      expect(ran.output).toContain("ran\n");
      expect(ran.output).not.toContain("hidden");
      expect(existsSync(join(reads, "no"))).toBe(false);
      expect(readFileSync(join(writes, "yes"), "utf8")).toBe("y\n");
      expect(await lab.undo(changesOf(lab))).toMatchObject({ done: true });
      expect(readdirSync(writes)).toEqual([]);
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  test("a command that puts a link above another given folder leads no later box elsewhere", async () => {
    using lab = boxLab();
    const outside = realpathSync(mkdtempSync(join(tmpdir(), "wirken-given-")));
    try {
      const [outer, elsewhere] = [join(outside, "outer"), join(outside, "elsewhere")];
      for (const folder of [outer, elsewhere]) mkdirSync(join(folder, "inner", "deep"), { recursive: true });
      writeFileSync(join(elsewhere, "inner", "deep", "secret"), "SECRET");
      lab.give([
        { path: outer, access: "write" },
        { path: join(outer, "inner", "deep"), access: "read" },
      ]);
      const moved = await lab.run(`mv ${outer}/inner ${outer}/old; ln -s ${elsewhere}/inner ${outer}/inner`);
      expect(moved.end.kind).toBe("ended");
      const read = await lab.run(`cat ${outer}/inner/deep/secret`);
      expect(read.output).not.toContain("SECRET");
      expect(lstatSync(join(outer, "inner")).isSymbolicLink()).toBe(true);
      expect(read.end).toMatchObject({ kind: "refused", reason: "config" });
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  test("undo brings back contents, modes, links and folders, and removes what was new", async () => {
    using lab = boxLab();
    const at = (name: string): string => join(lab.workspace, name);
    mkdirSync(at("d/e"), { recursive: true });
    writeFileSync(at("d/e/f"), "old");
    writeFileSync(at("tool"), "#!/bin/sh\n", { mode: 0o755 });
    symlinkSync("d/e/f", at("l"));
    chmodSync(at("d"), 0o750);
    await lab.run(
      "rm -r d; echo d > d; chmod 600 tool; echo more >> tool; ln -sfn tool l; mkdir -p n/m; : > n/m/o",
    );
    expect(readFileSync(at("d"), "utf8")).toBe("d\n");
    expect(await lab.undo(changesOf(lab))).toEqual({ kind: "undone", id: 2, done: true, message: "" });
    expect(readFileSync(at("d/e/f"), "utf8")).toBe("old");
    expect(statSync(at("d")).mode & 0o777).toBe(0o750);
    expect(readFileSync(at("tool"), "utf8")).toBe("#!/bin/sh\n");
    expect(statSync(at("tool")).mode & 0o777).toBe(0o755);
    expect(readlinkSync(at("l"))).toBe("d/e/f");
    expect(readdirSync(lab.workspace).sort()).toEqual(["d", "l", "tool"]);
  });

  test("undo touches nothing once one changed file is another, and says so", async () => {
    using lab = boxLab();
    writeFileSync(join(lab.workspace, "a"), "old");
    await lab.run("echo new > a; echo new > b");
    writeFileSync(join(lab.workspace, "b"), "mine");
    expect(await lab.undo(changesOf(lab))).toMatchObject({ done: false });
    expect(readFileSync(join(lab.workspace, "a"), "utf8")).toBe("new\n");
  });

  test("undo follows no link that took a folder's place", async () => {
    using lab = boxLab();
    const outside = realpathSync(mkdtempSync(join(tmpdir(), "wirken-outside-")));
    try {
      mkdirSync(join(lab.workspace, "d"));
      writeFileSync(join(lab.workspace, "d", "f"), "old");
      await lab.run("echo new > d/f");
      const changes = changesOf(lab);
      writeFileSync(join(outside, "f"), "new\n");
      rmSync(join(lab.workspace, "d"), { recursive: true });
      symlinkSync(outside, join(lab.workspace, "d"));
      expect(await lab.undo(changes)).toMatchObject({ done: false });
      expect(readFileSync(join(outside, "f"), "utf8")).toBe("new\n");
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  test("a run is refused where its folders cannot be kept", async () => {
    using lab = boxLab();
    Bun.spawnSync(["mkfifo", join(lab.workspace, "pipe")]);
    await lab.desk.take({ kind: "look", id: 900, agent: "default" });
    expect(lab.sent.at(-1)).toEqual({
      kind: "looked",
      id: 900,
      fits: false,
      detail: "there is a special file",
    });
    const ran = await lab.run("echo ran > ran");
    expect(ran.end).toMatchObject({ kind: "refused" });
    expect(existsSync(join(lab.workspace, "ran"))).toBe(false);
  });

  test("a box whose plan names a link for its workspace is not started", async () => {
    using lab = boxLab();
    const elsewhere = mkdtempSync(join(tmpdir(), "wirken-elsewhere-"));
    rmSync(lab.workspace, { recursive: true });
    symlinkSync(elsewhere, lab.workspace);
    const ran = await lab.run("echo ran > ran");
    expect(ran.end.kind === "refused" || (ran.end.kind === "ended" && ran.end.report.code !== 0)).toBe(true);
    expect(readdirSync(elsewhere)).toEqual([]);
    rmSync(elsewhere, { recursive: true });
  });
});

describe("keepTrees", () => {
  test("keepTrees stops at each bound and says which", () => {
    using lab = kept();
    writeFileSync(join(lab.root, "a"), "12345");
    writeFileSync(join(lab.root, "b"), "12345");
    const wide = { entriesMax: 2, bytesMax: 10, fileBytesMax: 5 };
    expect(keepTrees([lab.root], [], lab.objects, wide).ok).toBe(true);
    for (const [bound, words] of [
      [{ ...wide, entriesMax: 1 }, "more than 1 files"],
      [{ ...wide, bytesMax: 9 }, "larger than"],
      [{ ...wide, fileBytesMax: 4 }, "a file is larger"],
    ] as const) {
      const stopped = keepTrees([lab.root], [], lab.objects, bound);
      expect(stopped.ok ? "" : stopped.error.message).toContain(words);
    }
  });

  test("keepTrees reads again what changed within the same size and time stamp", () => {
    using lab = kept();
    const path = join(lab.root, "a");
    writeFileSync(path, "old");
    const before = keepTrees([lab.root], [], lab.objects);
    if (!before.ok) throw new Error(before.error.message);
    const { atime, mtime } = statSync(path);
    writeFileSync(path, "new");
    Bun.spawnSync(["touch", "-d", mtime.toISOString(), path]);
    expect(atime).toBeDefined();
    const after = keepTrees([lab.root], before.value, lab.objects);
    if (!after.ok) throw new Error(after.error.message);
    expect(after.value[0]?.entries.get("a")).not.toEqual(before.value[0]?.entries.get("a"));
  });

  // Ten seconds with `npm run soak -- race`.
  test("keepTrees keeps nothing from outside while another process swaps folder and link", async () => {
    using lab = kept();
    const outside = mkdtempSync(join(tmpdir(), "wirken-secret-"));
    writeFileSync(join(outside, "f"), "SECRET");
    mkdirSync(join(lab.root, "d"));
    writeFileSync(join(lab.root, "d", "f"), "mine");
    const script = `cd '${lab.root}'; while :; do mv d e; ln -s '${outside}' d; rm d; mv e d; done`;
    const racer = Bun.spawn(["/bin/sh", "-c", script], { stderr: "ignore" });
    const secret = new Bun.CryptoHasher("sha256").update("SECRET").digest("hex");
    const ends = performance.now() + Number(process.env["WIRKEN_RACE_MS"] ?? "700");
    let rounds = 0;
    while (performance.now() < ends) {
      keepTrees([lab.root], [], lab.objects);
      rounds += 1;
      if (rounds % 50 === 0) await Bun.sleep(0);
    }
    racer.kill("SIGKILL");
    await racer.exited;
    expect(rounds).toBeGreaterThan(50);
    expect(lab.objects.has(secret)).toBe(false);
    rmSync(outside, { recursive: true });
  });
});

function kept() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "wirken-kept-")));
  const root = join(folder, "tree");
  mkdirSync(root);
  const objects = KeptObjects.open(join(folder, "kept"));
  if (!objects.ok) throw new Error(objects.error.message);
  return {
    root,
    objects: objects.value,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function cmdline(pid: string): string {
  try {
    return lstatSync(`/proc/${pid}`).isDirectory() ? readFileSync(`/proc/${pid}/cmdline`, "utf8") : "";
  } catch {
    return "";
  }
}
