/** Orphans that the keeper adopted and that ended. */
import { expect, test } from "bun:test";
import { loadLibc } from "#host/libc.ts";
import { descendantsOf } from "#host/process-tree.ts";
import { spawnChild } from "#host/spawn.ts";
import { EndedOrphans, adopt } from "./descendants.ts";

const PR_SET_CHILD_SUBREAPER = 36;
const libc = loadLibc();

test.if(libc !== undefined)("EndedOrphans collects at the second look what ended as an orphan", async () => {
  adopt();
  try {
    const child = spawnChild({ argv: ["/bin/sh", "-c", "sleep 0.05 & exit 0"], env: {}, cwd: "/" });
    if (!child.ok) throw new Error(child.error.message);
    await child.value.exited;
    const ended = (): number => descendantsOf(process.pid).filter((facts) => facts.ended).length;
    for (let i = 0; i < 100 && ended() === 0; i++) await Bun.sleep(10);
    const orphans = new EndedOrphans();
    expect(orphans.collect()).toBe(0);
    expect(orphans.collect()).toBe(1);
    expect(orphans.collect()).toBe(0);
    expect(ended()).toBe(0);
  } finally {
    libc?.call("prctl", PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  }
});
