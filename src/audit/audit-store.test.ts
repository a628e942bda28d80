import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NewRow } from "#contracts/audit-event.ts";
import type { Fault } from "#contracts/fault.ts";
import { GATEWAY_LANE, parseSessionId } from "#contracts/ids.ts";
import { manualClock } from "#runtime/clock.ts";
import { fixedRandom } from "#runtime/random.ts";
import { type StateStore, memoryStateStore } from "#signer/state-store.ts";
import { type LocalSignerOptions, localSigner } from "#test/support/local-signer.ts";
import type { AuditStore } from "./audit-store.ts";
import { treeState } from "./log-views.ts";
import { auditCrypto } from "./node-crypto.ts";
import { type LogOptions, openLog } from "./open-log.ts";

let folder: string;
let state: StateStore;
const clock = manualClock();
const alarms: Fault[] = [];
const SESSION = sessionOf("default/telegram/c-aaaaaaaaaaaaaaaaaaaaaaaaaa");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wirken-audit-"));
  state = memoryStateStore();
  alarms.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function sessionOf(text: string) {
  const session = parseSessionId(text);
  if (!session.ok) throw new Error("not a session");
  return session.value;
}

async function open(
  more: Partial<LogOptions> = {},
  signer: Partial<LocalSignerOptions> = {},
): Promise<AuditStore> {
  const opened = await openLog({
    path: join(folder, "audit.db"),
    archiveFolder: join(folder, "archive"),
    crypto: auditCrypto(),
    clock,
    random: fixedRandom(7),
    signer: localSigner({ clock, state, ...signer }),
    keysLiveForOneRun: false,
    acceptTail: false,
    acceptState: false,
    alarm: (fault) => alarms.push(fault),
    onLost: (fault) => alarms.push(fault),
    publishKeys: () => undefined,
    ...more,
  });
  if (!opened.ok) throw new Error(`${opened.error.reason}: ${opened.error.message}`);
  return opened.value;
}

function row(kind: NewRow["kind"], text?: string): NewRow {
  return { session: SESSION, kind, trust: "user", payload: { n: 1 }, ...(text ? { content: { text } } : {}) };
}

const kinds = (store: AuditStore): string[] => store.readAfter(0, 100).map(({ kind }) => kind);

test("openLog begins a log with its key and a checkpoint", async () => {
  const store = await open();
  expect(kinds(store)).toEqual(["log_created", "key_continuity", "checkpoint"]);
  expect(alarms).toEqual([]);
  store.close();
});

test("append groups overlapping calls and announces the conversation first", async () => {
  const store = await open();
  const seen: number[] = [];
  store.subscribe((rows) => seen.push(rows.length));
  const [first, second] = await Promise.all([
    store.append([row("user_message", "hello")]),
    store.append([row("assistant_message", "hi"), row("turn_ended")]),
  ]);
  expect(seen).toEqual([4]);
  expect(first.map(({ id, seq }) => [id, seq])).toEqual([[5, 0]]);
  expect(second.map(({ id, seq }) => [id, seq])).toEqual([
    [6, 1],
    [7, 2],
  ]);
  expect(kinds(store)[3]).toBe("conversation_seen");
  store.close();
});

test("sealTurn writes key, head and checkpoint; the checkpoint is not repeated within a second", async () => {
  const store = await open();
  await clock.advance(2_000);
  await store.append([row("user_message", "hello"), row("turn_ended")]);
  await store.sealTurn(SESSION, "turn");
  expect(kinds(store).slice(3)).toEqual([
    "conversation_seen",
    "user_message",
    "turn_ended",
    "key_continuity",
    "checkpoint",
    "chain_head",
  ]);
  await store.append([row("delivery")]);
  await store.sealTurn(SESSION, "turn");
  expect(kinds(store).at(-1)).toBe("chain_head");
  await clock.advance(1_001);
  await store.sealTurn(SESSION, "turn");
  expect(kinds(store).at(-1)).toBe("checkpoint");
  expect(alarms).toEqual([]);
  store.close();
});

test("append rejects what is not I-JSON and repairs lone surrogates", async () => {
  const store = await open();
  await expect(store.append([{ ...row("user_message"), payload: { n: 1.5 } }])).rejects.toThrow(TypeError);
  const [repaired] = await store.append([row("user_message", "a\ud800b")]);
  expect(repaired?.content).toEqual({ text: "a\ufffdb" });
  store.close();
});

test("stop leaves stopped, its head, the log's head and one checkpoint as the last rows", async () => {
  const store = await open();
  await store.append([row("user_message", "hello")]);
  await store.stop({ session: GATEWAY_LANE, kind: "stopped", trust: "system", payload: {} });
  const again = await open({}, { fresh: false });
  expect(kinds(again).slice(-5)).toEqual(["chain_head", "stopped", "chain_head", "chain_head", "checkpoint"]);
  expect(again.size).toBe(kinds(again).length);
  again.close();
});

test("openLog signs what a crash left as recovered and takes its keys' force away", async () => {
  const store = await open();
  const [grant] = await store.append([{ ...row("grant"), session: SESSION }]);
  store.close();
  const again = await open({}, { fresh: false });
  const head = again.readSession(SESSION).at(-1);
  expect(head?.payload?.["reason"]).toBe("recovered");
  expect(grant !== undefined && again.hasForce(grant)).toBe(false);
  again.close();
});

test("openLog writes a head whose row was lost, then goes on", async () => {
  const store = await open();
  await store.append([row("user_message", "hello")]);
  const signer = localSigner({ clock, state, fresh: false });
  const last = store.readSession(SESSION).at(-1);
  const signed = await signer.signHead({
    logId: store.logId,
    session: SESSION,
    seqStart: 0,
    seqEnd: 0,
    headHash: last?.hash ?? "",
    reason: "turn",
  });
  expect(signed.ok).toBe(true);
  store.close();
  const again = await open({}, { fresh: false });
  await again.append([row("turn_ended")]);
  await again.sealTurn(SESSION, "turn");
  const heads = again.readSession(SESSION).filter(({ kind }) => kind === "chain_head");
  expect(heads.map(({ payload }) => [payload?.["seq_start"], payload?.["seq_end"]])).toEqual([
    [0, 0],
    [1, 2],
  ]);
  expect(alarms).toEqual([]);
  again.close();
});

test("openLog refuses a signer without memory, and goes on once the operator has accepted", async () => {
  const store = await open();
  await store.append([row("user_message", "hello")]);
  await store.sealTurn(SESSION, "turn");
  store.close();
  const lost = { fresh: false, state: memoryStateStore() };
  await expect(open({}, lost)).rejects.toThrow("state_missing");
  await expect(open({ acceptState: true }, lost)).rejects.toThrow("not_accepted");
});

test("openLog goes on with the log that the signer remembers when a gateway is started again within a run", async () => {
  const store = await open({ keysLiveForOneRun: true });
  await store.append([row("user_message", "hello")]);
  store.close();
  const again = await open({ keysLiveForOneRun: true, random: fixedRandom(8) });
  expect(again.logId).toBe(store.logId);
  expect(kinds(again)).toContain("user_message");
  again.close();
});

test("openLog begins a new log and archives the old one when keys live for one run", async () => {
  const store = await open();
  const first = store.logId;
  store.close();
  const again = await open(
    { keysLiveForOneRun: true, random: fixedRandom(8) },
    { state: memoryStateStore(), seed: 9 },
  );
  expect(again.logId).not.toBe(first);
  expect(kinds(again)).toEqual(["log_created", "key_continuity", "checkpoint"]);
  expect(await Bun.file(join(folder, "archive", `${first}.db`)).exists()).toBe(true);
  again.close();
});

test("openLog begins anew where the file is gone only when the operator accepted that, and a row says so", async () => {
  const store = await open();
  await store.append([row("user_message", "hello")]);
  await store.sealTurn(SESSION, "turn");
  store.close();
  rmSync(join(folder, "audit.db"));
  await expect(open({ random: fixedRandom(8) }, { fresh: false })).rejects.toThrow("state_missing");
  const tree = treeState(join(folder, "audit.db"), auditCrypto());
  if (!tree.ok) throw new Error("no tree");
  expect(tree.value.size).toBe(0);
  const accepted = { fresh: false, accepted: tree.value };
  const again = await open({ random: fixedRandom(9), acceptState: true }, accepted);
  expect(kinds(again)).toEqual(["log_created", "key_continuity", "accepted", "checkpoint"]);
  again.close();
});

test.each(["audit.db", "audit.db-wal"])(
  "append refuses rows once %s is no longer at its path, and nothing is signed",
  async (name) => {
    const lost: Fault[] = [];
    const store = await open({ onLost: (fault) => lost.push(fault) });
    await store.append([row("user_message", "hello")]);
    const before = store.size;
    renameSync(join(folder, name), join(folder, "elsewhere"));
    writeFileSync(join(folder, name), "another file");
    await expect(store.append([row("user_message", "again")])).rejects.toThrow("deleted or replaced");
    await store.sealTurn(SESSION, "turn");
    expect(lost[0]).toMatchObject({ code: "damaged", reason: "log_replaced" });
    expect(store.size).toBe(before);
  },
);
