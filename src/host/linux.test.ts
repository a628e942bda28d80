import { afterAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { executableHash, hashFile } from "./executable-hash.ts";
import { loadLibc } from "./libc.ts";
import { memoryOf } from "./memory.ts";
import { peerCredentials } from "./peer-credentials.ts";
import { descendantsOf, factsOf } from "./process-tree.ts";
import { spawnChild } from "./spawn.ts";

const root = mkdtempSync(join(tmpdir(), "wirken-linux-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const linux = process.platform === "linux" ? test : test.skip;

linux(
  "peerCredentials tells pid and user of the other end, and nothing of a file (needs Linux)",
  async () => {
    const seen = Promise.withResolvers<ReturnType<typeof peerCredentials>>();
    const path = join(root, "s.sock");
    const libc = loadLibc();
    const server = Bun.listen({
      unix: path,
      socket: {
        // The type declarations of this Bun do not know `fd` of a socket yet.
        open: (socket) => seen.resolve(peerCredentials(libc, Number(Reflect.get(socket, "fd")))),
        data: () => undefined,
      },
    });
    const client = await Bun.connect({ unix: path, socket: { data: () => undefined } });
    const credentials = await seen.promise;
    client.end();
    server.stop(true);
    expect(credentials).toEqual({
      pid: process.pid,
      uid: process.getuid?.() ?? -1,
      gid: process.getgid?.() ?? -1,
    });
    expect(peerCredentials(libc, 0)).toBeUndefined();
    expect(peerCredentials(undefined, 0)).toBeUndefined();
  },
);

linux("memoryOf tells PSS and RSS of this process, and nothing of one that is gone (needs Linux)", () => {
  const memory = memoryOf("self");
  expect(memory?.rssBytes).toBeGreaterThan(5_000_000);
  expect(memory?.pssBytes).toBeGreaterThan(1_000_000);
  expect(memoryOf(4_194_303)).toBeUndefined();
});

test("hashFile agrees with another implementation over piece borders", () => {
  for (const size of [0, 1, 262_143, 262_144, 262_145]) {
    const bytes = new Uint8Array(size).fill(size & 0xff);
    writeFileSync(join(root, "bytes"), bytes);
    expect(hashFile(join(root, "bytes"))).toEqual({
      ok: true,
      value: createHash("sha256").update(bytes).digest("hex"),
    });
  }
  expect(hashFile(root)).toMatchObject({ ok: false });
  expect(hashFile(join(root, "none"))).toMatchObject({ ok: false, error: { reason: "ENOENT" } });
});

linux("executableHash is the hash of the running file (needs Linux)", () => {
  const expected = createHash("sha256").update(readFileSync(process.execPath)).digest("hex");
  expect(executableHash()).toEqual({ ok: true, value: expected });
});

linux("descendantsOf finds children and grandchildren (needs Linux)", async () => {
  const child = spawnChild({ argv: ["/bin/sh", "-c", "sleep 20 & wait"], env: {}, cwd: "/" });
  if (!child.ok) throw new Error(child.error.message);
  const found = async (): Promise<number> => {
    for (let tries = 0; tries < 100; tries++) {
      const count = descendantsOf(child.value.pid).length;
      if (count > 0) return count;
      await Bun.sleep(5);
    }
    return 0;
  };
  expect(await found()).toBe(1);
  expect(factsOf(child.value.pid)).toMatchObject({ parent: process.pid, ended: false });
  for (const facts of descendantsOf(child.value.pid)) process.kill(facts.pid, "SIGKILL");
  child.value.kill("SIGKILL");
  await child.value.exited;
});
