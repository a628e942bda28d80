/** What a command in the box cannot use up, raise, make or leave behind, tried by the command itself. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LIMITS } from "#contracts/limits.ts";
import { BeneathRoot } from "#host/beneath.ts";
import { boxLab, whyNoBox } from "#box/lab.case.ts";

const missing = await whyNoBox();
const where = missing === "" ? describe : describe.skip;

/** Each line that succeeds says so; nothing else is printed. */
function attempts(lines: readonly string[]): string {
  return `${lines.map((line, at) => `( ${line} ) >/dev/null 2>&1 && echo "${String(at)} possible"`).join("\n")}\ntrue`;
}

where(`a command in the box${missing === "" ? "" : `: ${missing}`}`, () => {
  test("makes no device, no FIFO, no mount, no second name of a file from outside, and changes no mode there", async () => {
    using lab = boxLab();
    const secret = join(lab.paths.root, "secret");
    writeFileSync(secret, "SECRET", { mode: 0o600 });
    const lines = [
      "mknod null c 1 3",
      "mkfifo pipe",
      "mount -t tmpfs none .",
      "mount --bind /usr .",
      "unshare -Urm true",
      "nsenter -t 1 -m true",
      "chroot / true",
      "ln /etc/passwd name",
      `ln ${secret} name`,
      `ln -s ${secret} link && cat link`,
      "chmod 777 /usr /etc/passwd /tmp/..",
      "touch /usr/bin/x /etc/x /x /dev/x /proc/x",
      "umount /proc",
      "echo 1 > /proc/sys/kernel/core_pattern",
      "echo 100000 > /proc/sys/kernel/pid_max",
      "echo b > /proc/sysrq-trigger",
      "cat /dev/mem /dev/kmsg /proc/kcore /proc/kallsyms /dev/sda",
      "dmesg",
    ];
    const ran = await lab.run(attempts(lines));
    expect(ran.end).toMatchObject({ kind: "ended", report: { verdict: "none", code: 0 } });
    expect(ran.output).toBe("");
  });

  test("raises none of its limits, and has no descriptor of ours", async () => {
    using lab = boxLab();
    const lines = [
      "ulimit -Hn 100000",
      "ulimit -f unlimited",
      "ulimit -Hc 1",
      "ulimit -Hu 1000000",
      "renice -n -5 -p $$",
      "prlimit --pid 1 --cpu=unlimited:unlimited",
    ];
    const raised = await lab.run(attempts(lines));
    expect(raised.output).toBe("");
    const open = await lab.run("readlink /proc/1/fd/*");
    const leads = open.output.split("\n").filter((line) => line !== "");
    expect(leads.length).toBeGreaterThan(2);
    expect(leads.filter((line) => !/^(pipe:|socket:|\/dev\/null$)/.test(line))).toEqual([]);
    expect(leads.length).toBe(3);
  });

  test("fills neither memory nor disk beyond its bounds", async () => {
    using lab = boxLab();
    const shm = await lab.run("head -c 80000000 /dev/zero > /dev/shm/f; wc -c < /dev/shm/f");
    expect(Number(shm.output.split("\n").at(-2))).toBeLessThanOrEqual(LIMITS.box_shm_bytes_max);
    const file = await lab.run(`truncate -s ${String(LIMITS.exec_file_bytes_max + 1)} big && echo possible`);
    expect(file.output).not.toContain("possible");
    const inodes = await lab.run("cd /dev/shm; i=0; while : > f$i; do i=$((i+1)); done 2>/dev/null; echo $i");
    expect(Number(inodes.output.trim())).toBeLessThan(10_000);
  });

  test("has no socket of any family, no name service and no way out", async () => {
    using lab = boxLab();
    const probe = `python3 -c '
import socket
for family in range(0, 46):
    for kind in (1, 2, 3, 5):
        try:
            socket.socket(family, kind, 0); print("socket", family, kind)
        except OSError: pass
try:
    print(socket.getaddrinfo("example.com", 80))
except OSError: pass
a, b = socket.socketpair(); a.send(b"x"); print("pair", b.recv(1))
'`;
    const ran = await lab.run(`command -v python3 >/dev/null || { echo "pair b'x'"; exit; }; ${probe}`);
    expect(ran.output).toBe("pair b'x'\n");
    const bash = await lab.run(
      "command -v bash >/dev/null && bash -c 'exec 3<>/dev/tcp/127.0.0.1/22' 2>/dev/null && echo open; true",
    );
    expect(bash.output).toBe("");
  });

  // The commands race, the trusted side reads: what a person's files hold is never given back.
  test("leads nobody out of the workspace while it swaps folder and link under reads and writes", async () => {
    using lab = boxLab();
    writeFileSync(join(lab.paths.root, "target"), "SECRET");
    const opened = BeneathRoot.open(lab.workspace);
    if (!opened.ok) throw new Error(opened.error.message);
    using root = opened.value;
    const up = "../../..";
    const ms = Number(process.env["WIRKEN_RACE_MS"] ?? "700");
    const racing = lab.run(
      `mkdir -p d; echo mine > d/target; while [ ! -e stop ]; do mv d e; ln -s ${up} d; rm d; mv e d; done`,
    );
    const begun = performance.now();
    let rounds = 0;
    let mine = 0;
    for (let share = 0; share < 1; share = (performance.now() - begun) / ms) {
      for (let at = 0; at < 20; at++) {
        const read = root.read("d/target", 64);
        const text = read.ok ? new TextDecoder().decode(read.value.bytes) : "";
        expect(text).not.toContain("SECRET");
        if (text === "mine\n") mine += 1;
        // A write makes the folders that are missing, and with them another race: it has the second half for itself.
        if (share > 0.5) root.write("d/written", new TextEncoder().encode("x"));
        rounds += 1;
      }
      await Bun.sleep(0);
    }
    writeFileSync(join(lab.workspace, "stop"), "");
    await racing;
    expect(rounds).toBeGreaterThan(100);
    expect(mine).toBeGreaterThan(0);
    expect(existsSync(join(lab.paths.root, "written"))).toBe(false);
    expect(readFileSync(join(lab.paths.root, "target"), "utf8")).toBe("SECRET");
    expect(readdirSync(lab.paths.root).sort()).toEqual(["agents", "target"]);
  });
});
