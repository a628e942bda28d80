/** What is kept: sealed so that no byte, name or scope can be changed; replaced as a whole; read back after a death. */
import { afterAll, expect, test } from "bun:test";
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SecretBytes } from "#contracts/secret.ts";
import { fixedRandom, systemRandom } from "#runtime/random.ts";
import { ackWindow, openCursor } from "./cursor.ts";
import { stateSeal } from "#runtime/state-seal.ts";
import { fileSpool, fileStateStore } from "./state-store.ts";

const folder = mkdtempSync(join(tmpdir(), "wirken-state-"));
afterAll(() => rmSync(folder, { recursive: true }));

function key(byte: number): SecretBytes {
  return SecretBytes.take(new Uint8Array(32).fill(byte));
}
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (plain: string): Uint8Array => new TextEncoder().encode(plain);

test("stateSeal opens what it closed, and nothing that differs in a byte, name, scope or key", () => {
  const seal = stateSeal(key(1), "channel/telegram", systemRandom);
  const closed = seal.close("cursor", bytes("secret place"));
  expect(text(closed)).not.toContain("secret");
  expect(seal.open("cursor", closed)).toEqual({ ok: true, value: Buffer.from("secret place") });
  for (let at = 0; at < closed.length; at++) {
    const changed = closed.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(seal.open("cursor", changed).ok).toBe(false);
  }
  for (let length = 0; length < closed.length; length++) {
    expect(seal.open("cursor", closed.subarray(0, length)).ok).toBe(false);
  }
  expect(seal.open("cursor2", closed).ok).toBe(false);
  expect(stateSeal(key(1), "channel/telegram:b", systemRandom).open("cursor", closed).ok).toBe(false);
  expect(stateSeal(key(2), "channel/telegram", systemRandom).open("cursor", closed).ok).toBe(false);
});

test("stateSeal has the layout of docs/formats/state.md, as another implementation reads it", async () => {
  const closed = stateSeal(key(7), "channel/telegram", fixedRandom(1)).close("updates", bytes("{}"));
  expect(Buffer.from(closed).toString("hex")).toBe(
    "012101c54fd1d01ab22574cb37d8e7fd11fbcebe80db3370767980d35a6af8",
  );
  const tag = "7769726b656e2f73746174652f763100"; // "wirken/state/v1" and a zero byte
  const scope = "00000010" + Buffer.from("channel/telegram").toString("hex");
  const name = "00000007" + Buffer.from("updates").toString("hex");
  const raw = new Uint8Array(32).fill(7);
  const secret = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
  const additionalData = Uint8Array.fromHex(tag + scope + name);
  const iv = Uint8Array.from(closed.subarray(1, 13));
  const plain = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv, additionalData },
    secret,
    Uint8Array.from(closed.subarray(13)),
  );
  expect(closed[0]).toBe(1);
  expect(text(new Uint8Array(plain))).toBe("{}");
});

test("fileStateStore keeps documents private, replaces them whole, and leaves nothing beside", async () => {
  const store = fileStateStore(folder, stateSeal(key(1), "channel/x", systemRandom), systemRandom);
  expect(await store.get("a")).toEqual({ ok: true, value: undefined });
  for (const value of ["one", "two"])
    expect(await store.put("a", bytes(value))).toEqual({ ok: true, value: undefined });
  const read = await store.get("a");
  expect(read.ok && text(read.value)).toBe("two");
  expect(readdirSync(folder)).toEqual(["a.sealed"]);
  expect(statSync(join(folder, "a.sealed")).mode & 0o777).toBe(0o600);
  expect(await store.list("a")).toEqual({ ok: true, value: ["a"] });
  await store.remove("a");
  await store.remove("a");
  expect(await store.list("")).toEqual({ ok: true, value: [] });
});

test("fileStateStore tells a damaged document, follows no link, and takes no path for a name", async () => {
  const store = fileStateStore(folder, stateSeal(key(1), "channel/x", systemRandom), systemRandom);
  writeFileSync(join(folder, "b.sealed"), "junk");
  const damaged = await store.get("b");
  expect(damaged.ok ? "" : damaged.error.code).toBe("damaged");
  symlinkSync("/etc/passwd", join(folder, "c.sealed"));
  expect((await store.get("c")).ok).toBe(false);
  for (const name of ["../x", "a/b", "", "A", "a\0"])
    expect(() => store.put(name, bytes(""))).toThrow(TypeError);
  await store.remove("b");
  await store.remove("c");
});

test("fileSpool stops at the limit and leaves no file of a refused or broken stream", async () => {
  const spool = fileSpool(folder, systemRandom);
  const written = await spool.write(new Blob([new Uint8Array(100)]).stream(), 100);
  expect(written.ok && written.value.bytes).toBe(100);
  if (written.ok) expect(readFileSync(join(folder, written.value.handle)).length).toBe(100);
  const before = readdirSync(folder);
  expect(await spool.write(new Blob([new Uint8Array(101)]).stream(), 100)).toEqual({
    ok: false,
    error: "too_large",
  });
  const broken = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(new Uint8Array(3));
    },
    pull: (controller) => controller.error(new Error("cut")),
  });
  expect(await spool.write(broken, 100)).toEqual({ ok: false, error: "cut" });
  expect(readdirSync(folder)).toEqual(before);
});

test("fileSpool sweeps what is old, and nothing else", async () => {
  const spool = fileSpool(folder, systemRandom);
  const old = await spool.write(new Blob(["old"]).stream(), 10);
  const fresh = await spool.write(new Blob(["new"]).stream(), 10);
  if (!old.ok || !fresh.ok) throw new Error("no file");
  utimesSync(join(folder, old.value.handle), 1_000, 1_000);
  await spool.sweep(2_000_000);
  const left = readdirSync(folder);
  expect([left.includes(old.value.handle), left.includes(fresh.value.handle)]).toEqual([false, true]);
});

test("openCursor is found again by the next life", async () => {
  const store = fileStateStore(folder, stateSeal(key(3), "channel/x", systemRandom), systemRandom);
  const first = await openCursor(store, "updates");
  if (!first.ok) throw new Error("no cursor");
  await Promise.all([first.value.move("5"), first.value.move("9")]);
  const second = await openCursor(store, "updates");
  expect(second.ok && second.value.value).toBe("9");
});

test("ackWindow moves only over what is done, in any order, and takes each number once", () => {
  const window = ackWindow(10);
  expect([9, 10, 11, 14, 11].map((id) => window.begin(id))).toEqual([false, true, true, true, false]);
  window.done(14);
  expect(window.next).toBe(10);
  window.done(10);
  expect(window.next).toBe(11);
  expect(window.begin(14)).toBe(false);
  window.done(11);
  expect([window.next, window.waiting]).toEqual([15, 0]);
});
