import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SecretBytes } from "#contracts/secret.ts";
import { manualClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import { toHex } from "#chain/bytes.ts";
import { Frontier, leafHash } from "#chain/tree.ts";
import { consistencyProof, rangeOfLeaves } from "#chain/proofs.ts";
import { localSigner, testKeys } from "#test/support/local-signer.ts";
import { SignerCore } from "./signer-core.ts";
import { signerCrypto } from "./signer-crypto.ts";
import { SignerMemory } from "./signer-memory.ts";
import { answer } from "./signer-service.ts";
import { sealedStateStore } from "./sealed-state.ts";
import { type StateStore, memoryStateStore } from "./state-store.ts";

const crypto = signerCrypto();
const clock = manualClock();
const logId = "ab".repeat(16);
const session = "default/telegram/c-aaaaaaaaaaaaaaaaaaaaaaaaaa";
const hash = (text: string): string => toHex(crypto.sha256(text));
const head = (seqStart: number, seqEnd: number, text = `row ${seqEnd}`) => ({
  logId,
  session,
  seqStart,
  seqEnd,
  headHash: hash(text),
  reason: "turn",
});

test("signHead joins heads, repeats the last one, refuses everything else", async () => {
  const signer = localSigner({ clock });
  const first = await signer.signHead(head(0, 4));
  expect(await signer.signHead(head(0, 4))).toEqual(first);
  expect(await signer.signHead(head(5, 9))).toMatchObject({
    ok: true,
    value: { prevHeadHash: hash("row 4") },
  });
  for (const refused of [
    head(0, 4),
    head(5, 9, "another row"),
    head(0, 12),
    head(9, 12),
    head(11, 12),
    head(10, 9),
  ]) {
    expect(await signer.signHead(refused)).toMatchObject({ ok: false, error: { reason: "head_breaks" } });
  }
  expect(
    await signer.signHead({ ...head(0, 1), session: "other/telegram/c-aaaaaaaaaaaaaaaaaaaaaaaaaa" }),
  ).toMatchObject({ ok: false, error: { code: "not_found" } });
});

test("signHead keeps the heads of two logs apart that both have no checkpoint yet", async () => {
  const state = memoryStateStore();
  const first = localSigner({ clock, state });
  const other = { logId: "cd".repeat(16) };
  expect(await first.signHead(head(0, 4))).toMatchObject({ ok: true });
  // A second run: the memory of what was signed is read back from the disk.
  const again = localSigner({ clock, state, fresh: false });
  expect(await again.signHead({ ...head(0, 2, "other"), ...other })).toMatchObject({ ok: true });
  // What was signed for the other log is not taken for the first one's last head: rows 3 and 4 stay as they were.
  expect(await again.signHead(head(3, 4, "rewritten"))).toMatchObject({ error: { reason: "head_breaks" } });
  expect(await again.signHead(head(5, 6))).toMatchObject({ value: { prevHeadHash: hash("row 4") } });
});

test("a log that has a checkpoint is never replaced: no other log, no other agent's key, no shorter tree", async () => {
  const signer = localSigner({ clock });
  expect(await signer.signHead(head(0, 4))).toMatchObject({ ok: true });
  expect(await signer.signCheckpoint({ logId, size: 5, root: hash("tree"), proof: [] })).toMatchObject({
    ok: true,
  });
  const another = "cd".repeat(16);
  const refused = { ok: false, error: { reason: "state_missing" } };
  expect(await signer.signHead({ ...head(0, 4), logId: another })).toMatchObject(refused);
  const tree = { size: 9, root: hash("other"), proof: [] };
  expect(await signer.signCheckpoint({ logId: another, ...tree })).toMatchObject(refused);
  expect(await signer.keyContinuity({ logId: another, holder: "log" })).toMatchObject(refused);
  const breaks = { ok: false, error: { reason: "tree_breaks" } };
  expect(await signer.signCheckpoint({ logId, ...tree })).toMatchObject(breaks); // grown without a proof
  expect(await signer.signCheckpoint({ logId, ...tree, size: 4 })).toMatchObject(breaks);
  expect(await signer.signCheckpoint({ logId, ...tree, size: 5 })).toMatchObject(breaks); // same size, other root
  expect(await signer.keyContinuity({ logId, holder: "agent:other" })).toMatchObject({
    error: { code: "not_found" },
  });
  expect(await signer.acceptState({ logId, size: 0, root: hash(""), sessions: [] })).toMatchObject({
    error: { reason: "not_accepted" },
  });
});

test("signCheckpoint wants a consistency proof from the last tree it signed", async () => {
  const signer = localSigner({ clock });
  const data = Array.from({ length: 9 }, (_, index) => crypto.sha256(`row ${index}`));
  const leaves = data.map((each) => leafHash(crypto, each));
  const rootOf = (size: number): string => {
    const tree = new Frontier(crypto);
    for (const each of data.slice(0, size)) tree.append(each);
    return toHex(tree.root());
  };
  const proof = (first: number, second: number): string[] =>
    consistencyProof(first, second, rangeOfLeaves(crypto, leaves)).map(toHex);
  const ask = (size: number, root: string, path: string[]) =>
    signer.signCheckpoint({ logId, size, root, proof: path });
  expect(await ask(3, rootOf(3), [hash("made up")])).toMatchObject({ ok: false });
  expect(await ask(3, rootOf(3), [])).toMatchObject({ ok: true });
  expect(await ask(7, rootOf(7), [])).toMatchObject({ ok: false, error: { reason: "tree_breaks" } });
  expect(await ask(7, hash("another"), proof(3, 7))).toMatchObject({ ok: false });
  expect(await ask(2, rootOf(2), [])).toMatchObject({ ok: false });
  expect(await ask(7, rootOf(7), proof(3, 7))).toMatchObject({ ok: true });
  expect(await ask(9, rootOf(9), proof(3, 9))).toMatchObject({ ok: false });
});

test("a signer without memory signs nothing, whatever is asked", async () => {
  const signer = localSigner({ clock, fresh: false });
  expect(await signer.signHead(head(0, 4))).toMatchObject({ ok: false, error: { reason: "state_missing" } });
  expect(await signer.state({ logId, session: "" })).toMatchObject({
    ok: true,
    value: { memory: "missing" },
  });
  expect(await signer.keyContinuity({ logId, holder: "log" })).toMatchObject({ ok: false });
  const forged = { logId, size: 0, root: hash(""), sessions: [] };
  expect(await signer.acceptState(forged)).toMatchObject({ ok: false, error: { reason: "not_accepted" } });
});

test("acceptState goes on from the accepted state and signs nothing before it", async () => {
  const root = hash("tree");
  const signer = localSigner({ clock, fresh: false, accepted: { size: 40, root } });
  const sessions = [{ session, seqEnd: 7, headHash: hash("row 7") }];
  expect(await signer.acceptState({ logId, size: 41, root, sessions })).toMatchObject({ ok: false });
  expect(await signer.acceptState({ logId, size: 40, root, sessions })).toMatchObject({ ok: true });
  expect(await signer.signHead(head(0, 7))).toMatchObject({ ok: false });
  expect(await signer.signHead(head(8, 9))).toMatchObject({
    ok: true,
    value: { prevHeadHash: hash("row 7") },
  });
});

test("a signature never leaves before its state is on the disk", () => {
  const entries = new Map<string, Uint8Array>();
  const good = memoryStateStore(entries);
  let full = false;
  const store: StateStore = {
    load: good.load,
    save: (name, bytes) =>
      full ? { ok: false, error: { code: "io", message: "no space" } } : good.save(name, bytes),
  };
  const memory = SignerMemory.open(store, crypto);
  if (!memory.ok) throw new Error("no memory");
  const keys = testKeys(["default"]);
  const core = new SignerCore({
    crypto,
    clock,
    memory: memory.value,
    keys,
    fresh: true,
    accepted: undefined,
  });
  expect(core.signHead(head(0, 4)).ok).toBe(true);
  full = true;
  expect(core.signHead(head(5, 9))).toEqual({ ok: false, error: { code: "io", message: "no space" } });
  const checkpoint = { logId, size: 1, root: hash("tree"), proof: [] };
  expect(core.signCheckpoint(checkpoint)).toEqual({ ok: false, error: { code: "io", message: "no space" } });
  full = false;
  expect(core.signHead(head(5, 6)).ok).toBe(true);
  expect(core.signCheckpoint(checkpoint).ok).toBe(true);
});

test.each(["", "no JSON", "[]", '{"log_id":"00","size":1,"root":"00","epoch":0}', '{"size":-1}'])(
  "SignerMemory.open does not take the damaged entry %p for an empty memory",
  (text) => {
    const store = memoryStateStore(new Map([["tree", new TextEncoder().encode(text)]]));
    const memory = SignerMemory.open(store, crypto);
    expect(memory.ok ? "opened" : memory.error.code).toBe("damaged");
  },
);

test("answer refuses methods and bodies that are none", () => {
  const memory = SignerMemory.open(memoryStateStore(), crypto);
  if (!memory.ok) throw new Error("no memory");
  const keys = testKeys(["default"]);
  const core = new SignerCore({
    crypto,
    clock,
    memory: memory.value,
    keys,
    fresh: true,
    accepted: undefined,
  });
  for (const [method, body] of [
    ["sign_anything", "{}"],
    ["sign_head", "{}"],
    ["sign_head", "not json"],
    ["key_continuity", '{"log_id":"00","holder":"log"}'],
    ["__proto__", "{}"],
  ] as const) {
    expect(answer(core, method, body)).toMatchObject({ ok: false, error: { code: "protocol" } });
  }
});

test("sealedStateStore keeps entries apart and sees every change", () => {
  const folder = mkdtempSync(join(tmpdir(), "wirken-signer-"));
  const key = (): SecretBytes => SecretBytes.take(new Uint8Array(32).fill(7));
  const store = sealedStateStore(folder, key(), systemRandom);
  expect(store.load("tree")).toEqual({ ok: true, value: undefined });
  expect(store.save("tree", Buffer.from("state")).ok).toBe(true);
  expect(store.load("tree")).toMatchObject({ ok: true });
  const path = join(folder, "tree.sealed");
  const sealed = readFileSync(path);
  expect(sealed.includes("state")).toBe(false);
  writeFileSync(
    path,
    Buffer.concat([sealed.subarray(0, 30), Buffer.of((sealed[30] ?? 0) ^ 1), sealed.subarray(31)]),
  );
  expect(store.load("tree")).toMatchObject({ ok: false, error: { code: "damaged" } });
  writeFileSync(path, sealed);
  renameSync(path, join(folder, "head-0.sealed"));
  expect(store.load("head-0")).toMatchObject({ ok: false, error: { code: "damaged" } });
  const other = SecretBytes.take(new Uint8Array(32).fill(8));
  expect(sealedStateStore(folder, other, systemRandom, "absent").load("head-0")).toEqual({
    ok: true,
    value: undefined,
  });
  expect(readdirSync(folder)).toEqual(["head-0.sealed"]);
  rmSync(folder, { recursive: true, force: true });
});
