/** What a command that a person approved still cannot do, tried by the command itself. */
import { describe, expect, test } from "bun:test";
import { chmodSync, statSync } from "node:fs";
import { landlockAbi } from "#confine/landlock.ts";
import { loadLibc } from "#host/libc.ts";
import { toolLab } from "#tools/lab.case.ts";

const libc = loadLibc();
const abi = libc === undefined ? 0 : landlockAbi(libc);
const where = abi === 0 ? describe.skip : describe;

where(`exec under Landlock ABI ${abi} (needs Landlock)`, () => {
  test("exec leaves the data folder closed to other users, whatever mode the command gave it", async () => {
    using lab = toolLab();
    const outcome = await lab.run("exec", { command: `chmod 777 ${lab.root}; stat -c %a ${lab.root}` });
    expect(outcome.output).toContain("777"); // the kernel lets it: that is why it is closed again
    expect(statSync(lab.root).mode & 0o777).toBe(0o700);
    chmodSync(lab.root, 0o700);
  });

  test("exec cannot end, slow down or limit a process that is not its own", async () => {
    using lab = toolLab();
    const victim = Bun.spawn(["/bin/sleep", "30"]);
    try {
      const attacks = [
        `kill -9 ${victim.pid}`,
        `prlimit --pid ${victim.pid} --cpu=0:0`,
        `prlimit --pid ${victim.pid} --nofile=0:0`,
        `renice -n 19 -p ${victim.pid}`,
        "renice -n 19 -u 0",
        `taskset -p 1 ${victim.pid}`,
      ];
      const before = statusOf(victim.pid);
      for (const command of attacks) {
        expect([command, (await lab.run("exec", { command })).ok]).toEqual([command, false]);
      }
      expect(statusOf(victim.pid)).toEqual(before);
      expect(victim.exitCode).toBeNull();
      // Its own limits are its own: the test fails for a filter that refuses everything.
      expect(await lab.run("exec", { command: "ulimit -n 64; nice -n 1 true" })).toMatchObject({ ok: true });
    } finally {
      victim.kill("SIGKILL");
    }
  });
});

function statusOf(pid: number): readonly string[] {
  const read = (file: string): string =>
    Bun.spawnSync(["/bin/cat", `/proc/${pid}/${file}`]).stdout.toString();
  const fields = read("stat")
    .slice(read("stat").lastIndexOf(")") + 2)
    .split(" ");
  return [read("limits"), fields[16] ?? "", /Cpus_allowed:.*/.exec(read("status"))?.[0] ?? ""];
}
