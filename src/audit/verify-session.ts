/**
 * `wirken session verify`: one session by itself. Its chain and heads as in the whole log; then what a
 * model was sent,
 * from the log alone (messages_hash, tools_hash); then deterministic tools, run again on their recorded
 * inputs.
 */
import type { Row } from "#contracts/audit-event.ts";
import { type Fault, FaultError } from "#contracts/fault.ts";
import { LOG_LANE, type SessionId } from "#contracts/ids.ts";
import { type Json, type JsonObject, isJsonArray, isJsonObject } from "#contracts/json.ts";
import { type Result, err } from "#contracts/result.ts";
import { fromHex, toHex, utf8 } from "#chain/bytes.ts";
import type { Crypto } from "#chain/crypto.ts";
import { messagesHash, toolsHash } from "#chain/messages.ts";
import { Problems, type Reason, type Report } from "#chain/verify/report.ts";
import { sessionShow } from "./log-views.ts";
import { type Verdict, type VerifyOptions, verifyLog } from "./verify-log.ts";

/**
 * Runs a deterministic tool again. `same`, `different`, or `not_replayable` when its inputs are not in the
 * log.
 */
export type Replay = (call: Row, result: Row) => "same" | "different" | "not_replayable";

interface Sent {
  readonly role: string;
  readonly text: string;
}

const SALT_BYTES = 16;

export interface SessionVerdict {
  readonly report: Report;
  /** Model requests whose texts were hashed again, and tool results that were computed again. */
  readonly requests: number;
  readonly replayed: number;
  readonly limit: string;
}

/**
 * Verifies one session of the log at `path`. Faults: `not_found` when there is no such session (exit 4),
 * else as
 * `verifyLog`. Problems of the log's own lane are part of the verdict: without its keys no head stands.
 */
export function verifySession(
  path: string,
  session: SessionId,
  options: VerifyOptions,
  crypto: Crypto,
  replay: Replay,
): Result<SessionVerdict, Fault> {
  try {
    const whole = verifyLog(path, options, crypto);
    if (!whole.ok) return whole;
    const rows = sessionShow(path, session);
    if (rows.ok) return { ok: true, value: judge(whole.value, session, rows.value, crypto, replay) };
    return rows;
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault);
    throw error;
  }
}

function judge(
  whole: Verdict,
  session: SessionId,
  rows: readonly Row[],
  crypto: Crypto,
  replay: Replay,
): SessionVerdict {
  const problems = new Problems();
  for (const problem of whole.report.problems) {
    if (problem.session === session || problem.session === LOG_LANE) {
      problems.add(problem, problem.reason, problem.detail);
    }
  }
  const bySeq = new Map(rows.map((row) => [row.seq, row]));
  let requests = 0;
  let replayed = 0;
  for (const row of rows) {
    if (row.kind === "llm_request" && row.content !== undefined) {
      requests += 1;
      for (const [reason, detail] of requestFaults(row, bySeq, crypto)) problems.add(row, reason, detail);
    }
    if (row.kind !== "tool_result") continue;
    const call = rows.find(
      ({ kind, payload }) => kind === "tool_call" && payload?.["call"] === row.payload?.["call"],
    );
    const outcome = call === undefined ? "not_replayable" : replay(call, row);
    if (outcome !== "not_replayable") replayed += 1;
    if (outcome === "different")
      problems.add(row, "replay_divergence", "running the tool again gives another output");
  }
  const report = { ...whole.report, ok: problems.none, problems: problems.list() };
  return { report, requests, replayed, limit: whole.limit };
}

/** Compares a request's hashes with the texts that its refs name. */
function requestFaults(row: Row, bySeq: ReadonlyMap<number, Row>, crypto: Crypto): [Reason, string][] {
  const salt = saltOf(row.content);
  const refs = row.content?.["refs"];
  if (salt === undefined || refs === undefined || !isJsonArray(refs)) {
    return [["schema", "the request names no texts"]];
  }
  const faults: [Reason, string][] = [];
  const texts = refs.map((ref) => (isJsonObject(ref) ? textOf(ref, bySeq) : "missing"));
  const sent = texts.filter((text) => typeof text !== "string");
  if (texts.includes("missing"))
    faults.push(["messages_hash", "a text that the request names is not in the log"]);
  // Where a text was erased its salt went with it: nothing is left to compare.
  else if (sent.length === texts.length && differs(row, "messages_hash", messagesHash(crypto, salt, sent))) {
    faults.push(["messages_hash", "the texts are not those that were sent"]);
  }
  const blob = row.content?.["tools"];
  const table = typeof blob === "number" ? textOf({ role: "tools", blob }, bySeq) : "missing";
  if (table === "missing") faults.push(["tools_hash", "the tool table is not in the log"]);
  else if (table !== "erased" && differs(row, "tools_hash", toolsHash(crypto, salt, table.text))) {
    faults.push(["tools_hash", "the tool table is not the one that was sent"]);
  }
  return faults;
}

function differs(row: Row, name: "messages_hash" | "tools_hash", hash: Uint8Array): boolean {
  return row.payload !== undefined && row.payload[name] !== toHex(hash);
}

function saltOf(content: JsonObject | undefined): Uint8Array | undefined {
  return fromHex(content?.["salt"], SALT_BYTES);
}

/**
 * The text of a ref: `{role, seq, name, cut?}` in a row of the session, or `{role, blob}`, the seq of a
 * blob row.
 */
function textOf(ref: JsonObject, bySeq: ReadonlyMap<number, Row>): Sent | "erased" | "missing" {
  const role = ref["role"];
  const seq = ref["blob"] ?? ref["seq"];
  if (typeof role !== "string" || typeof seq !== "number") return "missing";
  const source = bySeq.get(seq);
  if (source === undefined) return "missing";
  if (source.content === undefined) return "erased";
  const text = role === "call" ? argumentsOf(source.content, ref["name"]) : source.content["text"];
  if (typeof text !== "string") return "missing";
  const cut = ref["cut"];
  if (cut === undefined) return { role, text };
  const range = rangeOf(cut);
  if (range === undefined) return "missing";
  const bytes = utf8(text).subarray(...range);
  return { role, text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) };
}

/** The arguments of the call with this id in an assistant row. */
function argumentsOf(content: JsonObject, id: Json | undefined): Json | undefined {
  const calls = content["calls"];
  if (calls === undefined || !isJsonArray(calls)) return undefined;
  return calls.filter(isJsonObject).find((call) => call["id"] === id)?.["args"];
}

function rangeOf(cut: Json): [number, number] | undefined {
  if (!isJsonArray(cut)) return undefined;
  const [from, to, more] = cut;
  if (typeof from !== "number" || typeof to !== "number" || more !== undefined) return undefined;
  return from >= 0 && to >= from ? [from, to] : undefined;
}
