import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "#contracts/json.ts";
import { toHex } from "#chain/bytes.ts";
import { messagesHash, toolsHash } from "#chain/messages.ts";
import { SESSION_A, SESSION_B, logBench, sampleLog, sampleRow } from "#test/support/sample-log.ts";
import { auditLog, backupLog, sessionList, sessionShow } from "./log-views.ts";
import { auditCrypto } from "./node-crypto.ts";
import { verifySession } from "./verify-session.ts";

const crypto = auditCrypto();
const OPTIONS = { anchors: [], published: [], signerState: undefined };
const salt = crypto.sha256("salt").slice(0, 16);
let folder: string;
let path: string;
let seqs: number[];

/** A turn whose request names a system prompt, a user text in part, a call's arguments, and a tool table. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "wirken-session-"));
  const bench = logBench(folder);
  path = bench.path;
  await sampleLog(bench, false);
  const store = await bench.open({}, { fresh: false });
  const texts = [
    { role: "system", text: "You help." },
    { role: "user", text: "grüß" },
    { role: "call", text: '{"path":"a"}' },
  ];
  const rows = await store.append([
    sampleRow(SESSION_A, "turn_started"),
    sampleRow(SESSION_A, "blob", "You help."),
    sampleRow(SESSION_A, "blob", '[{"name":"read_file"}]'),
    sampleRow(SESSION_A, "user_message", "ein grüß dich"),
    {
      ...sampleRow(SESSION_A, "assistant_message"),
      content: { text: "", calls: [{ id: "k-1", args: '{"path":"a"}' }] },
    },
    { ...sampleRow(SESSION_A, "tool_call"), payload: { call: "k-1" } },
    { ...sampleRow(SESSION_A, "tool_result", "output"), payload: { call: "k-1" } },
  ]);
  seqs = rows.map(({ seq }) => seq);
  const [, system = 0, tools = 0, user = 0, call = 0] = seqs;
  const request = (hash: string): JsonObject => ({
    messages_hash: hash,
    tools_hash: toHex(toolsHash(crypto, salt, '[{"name":"read_file"}]')),
  });
  const content = {
    salt: toHex(salt),
    body_salt: toHex(salt),
    tools,
    refs: [
      { role: "system", blob: system },
      { role: "user", seq: user, name: "", cut: [4, 10] },
      { role: "call", seq: call, name: "k-1" },
    ],
  };
  const right = toHex(messagesHash(crypto, salt, texts));
  const base = sampleRow(SESSION_A, "llm_request");
  await store.append([{ ...base, payload: request(right), content }, sampleRow(SESSION_A, "turn_ended")]);
  await store.sealTurn(SESSION_A, "turn");
  const wrong = { ...request("00".repeat(32)), tools_hash: "11".repeat(32) };
  await store.append([
    sampleRow(SESSION_B, "turn_started"),
    { ...sampleRow(SESSION_B, "llm_request"), payload: wrong, content: { ...content, refs: [], tools: 1 } },
    sampleRow(SESSION_B, "turn_ended"),
  ]);
  await store.sealTurn(SESSION_B, "turn");
  store.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("verifySession hashes a request's texts again and replays tools", () => {
  const seen: string[] = [];
  const verdict = verifySession(path, SESSION_A, OPTIONS, crypto, (call, result) => {
    seen.push(`${call.payload?.["call"]} ${result.content?.["text"]}`);
    return "same";
  });
  expect(verdict).toMatchObject({ ok: true, value: { report: { ok: true }, requests: 1 } });
  expect(seen).toContain("k-1 output");
});

test("verifySession reports hashes that do not fit and a tool that computes something else", () => {
  const other = verifySession(path, SESSION_B, OPTIONS, crypto, () => "not_replayable");
  const reasons = other.ok ? other.value.report.problems.map(({ reason }) => reason) : [];
  expect(reasons.sort()).toEqual(["messages_hash", "tools_hash"]);
  const replayed = verifySession(path, SESSION_A, OPTIONS, crypto, () => "different");
  expect(
    replayed.ok && replayed.value.report.problems.some(({ reason }) => reason === "replay_divergence"),
  ).toBe(true);
});

test("verifySession knows no session that is not there", () => {
  const unknown = SESSION_A.replace("c-aaa", "c-zzz");
  const shown = sessionShow(path, SESSION_A);
  expect(shown.ok && shown.value.length).toBeGreaterThan(10);
  expect(sessionList(path)).toMatchObject({ ok: true });
  expect(JSON.stringify(sessionList(path))).not.toContain(unknown);
});

test("auditLog filters, newest rows last; backupLog copies a log that verifies and overwrites nothing", () => {
  const rows = auditLog(path, { session: SESSION_A, kinds: ["user_message"], limit: 2 });
  expect(rows.ok && rows.value.map(({ kind }) => kind)).toEqual(["user_message", "user_message"]);
  expect(rows.ok && (rows.value[0]?.id ?? 0) < (rows.value[1]?.id ?? 0)).toBe(true);
  const target = join(folder, "backup.db");
  expect(backupLog(path, target)).toMatchObject({ ok: true });
  expect(verifySession(target, SESSION_A, OPTIONS, crypto, () => "same")).toMatchObject({ ok: true });
  expect(backupLog(path, target)).toMatchObject({ ok: false, error: { code: "usage" } });
});
