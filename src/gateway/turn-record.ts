/**
 * The rows that a turn's model requests and answers become (docs/formats/audit.md, `llm_request`). A text that no other
 * row holds (system prompt, tool table) stands once in the session, in a `blob` row.
 */
import type {
  AssistantRecord,
  RequestPiece,
  RequestRecord,
  ResponseRecord,
  TurnJournal,
} from "#agent/ports.ts";
import type { LlmError } from "#agent/models/model.ts";
import { auditCrypto } from "#audit/node-crypto.ts";
import { bodyHash, messagesHash, toolsHash } from "#chain/messages.ts";
import type { Action } from "#contracts/action.ts";
import type { NewRow, Row } from "#contracts/audit-event.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { newCallId, type SessionId, type TurnId } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import type { JsonObject } from "#contracts/json.ts";
import { ok, type Result } from "#contracts/result.ts";
import { utf8Length, visible } from "#contracts/visible.ts";
import { decide } from "#policy/evaluate.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { textField } from "#session/fields.ts";
import { secretRows } from "./secret-rows.ts";
import type { TurnFacts } from "./turn-facts.ts";

export interface RecordPorts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
}

export class TurnRecord implements TurnJournal {
  readonly #ports: RecordPorts;
  readonly #facts: TurnFacts;
  /** Text → seq of its `blob` row. */
  readonly #blobs: Map<string, number>;
  #provider = "";
  #where = "";

  /** `rows`: the session so far. */
  constructor(ports: RecordPorts, facts: TurnFacts, rows: readonly Row[]) {
    this.#ports = ports;
    this.#facts = facts;
    this.#blobs = blobsOf(rows);
  }

  async request(record: RequestRecord): Promise<Result<number, Fault>> {
    this.#provider = record.provider;
    this.#where = record.where;
    if (!this.#isAllowed(record)) {
      return fail("refused", "this model may not see what this conversation has read", {
        reason: "provider",
      });
    }
    for (const piece of record.pieces) if (piece.kind === "blob") await this.#blob(piece.text);
    const toolsSeq = await this.#blob(record.toolTable);
    const salt = this.#ports.random.bytes(16);
    const bodySalt = this.#ports.random.bytes(16);
    const crypto = auditCrypto();
    const { provider, model, mapper, body, pieces } = record;
    const row = await this.#append(
      "llm_request",
      {
        provider,
        model,
        mapper,
        messages_hash: messagesHash(crypto, salt, pieces).toHex(),
        tools_hash: toolsHash(crypto, salt, record.toolTable).toHex(),
        body_hash: bodyHash(crypto, bodySalt, body).toHex(),
        body_bytes: body.byteLength,
      },
      {
        salt: salt.toHex(),
        refs: pieces.map((piece) => this.#ref(piece)),
        tools: toolsSeq,
        body_salt: bodySalt.toHex(),
      },
    );
    return ok(row.seq);
  }

  async response({ requestSeq, stop, usage }: ResponseRecord): Promise<void> {
    await this.#append("llm_response", {
      request: requestSeq,
      stop,
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
    });
  }

  async error(requestSeq: number, error: LlmError): Promise<void> {
    await this.#append(
      "llm_error",
      {
        request: requestSeq,
        class: error.class,
        status: error.status,
        attempts: error.attempts,
        retry_after_ms: error.retryAfterMs,
        provider: this.#provider,
        where: this.#where,
      },
      { message: visible(error.message).toWellFormed() },
    );
  }

  async assistant({ text, calls, stop, brokenBy }: AssistantRecord): Promise<number> {
    const kept = calls.map(({ id, providerId, name, args }) => ({ id, provider_id: providerId, name, args }));
    const row = await this.#append(
      "assistant_message",
      { stop, broken_by: brokenBy, calls: calls.map(({ id }) => id) },
      { text, calls: kept },
    );
    return row.seq;
  }

  /** Secrets that the model's answer held → how often. */
  async secrets(found: ReadonlyMap<string, number>): Promise<void> {
    const [first, ...rest] = secretRows(this.#facts, { source: "model" }, found);
    if (first !== undefined) await this.#ports.journal.append([first, ...rest]);
  }

  /** A model call is an action too: the context's labels decide whether this provider may see it. */
  #isAllowed({ provider, model }: RequestRecord): boolean {
    const { profile, labels, askerWords, handle, asker, operator } = this.#facts;
    const call = newCallId((count) => this.#ports.random.bytes(count));
    const action: Action = { kind: "model_call", call, tool: "model", args: {}, plan: "", provider, model };
    const verdict = decide({
      action,
      profile,
      labels: labels.value,
      askerWords,
      scope: { agent: handle.place.agent, channel: handle.place.instance, person: asker },
      grants: [],
      nowMs: this.#ports.clock.now(),
      operator,
      interactive: false,
      boxEnforced: false,
      injectionFlags: [],
      pendingApprovals: 0,
    });
    return verdict.kind === "allow";
  }

  async #blob(text: string): Promise<number> {
    const known = this.#blobs.get(text);
    if (known !== undefined) return known;
    const { handle, turn } = this.#facts;
    const row = await this.#write(blobRow(handle.session, turn, text));
    this.#blobs.set(text, row.seq);
    return row.seq;
  }

  #ref(piece: RequestPiece): JsonObject {
    if (piece.kind === "blob") return { role: piece.role, blob: this.#blobs.get(piece.text) ?? -1 };
    const { role, seq, name, cut } = piece;
    return cut === undefined ? { role, seq, name } : { role, seq, name, cut: [...cut] };
  }

  async #append(kind: NewRow["kind"], payload: JsonObject, content?: JsonObject): Promise<Row> {
    const { handle, turn } = this.#facts;
    const trust = kind === "assistant_message" ? "tool" : "system";
    const row: NewRow = { session: handle.session, kind, trust, payload: { turn, ...payload } };
    return this.#write(content === undefined ? row : { ...row, content });
  }

  async #write(row: NewRow): Promise<Row> {
    const [written] = await this.#ports.journal.append([row]);
    if (written === undefined) throw new Error("turn: the journal resolved without the row");
    return written;
  }
}

/** The row that keeps a text for the requests of a session that name it. */
export function blobRow(session: SessionId, turn: TurnId, text: string): NewRow {
  return {
    session,
    kind: "blob",
    trust: "system",
    payload: { turn, bytes: utf8Length(text) },
    content: { text },
  };
}

/** Those of `texts` that no `blob` row among `rows` keeps, each once. */
export function textsWithoutBlob(rows: readonly Row[], texts: readonly string[]): readonly string[] {
  const kept = blobsOf(rows);
  return [...new Set(texts)].filter((text) => !kept.has(text));
}

/** Text → seq of its `blob` row. An erased text is kept by none. */
function blobsOf(rows: readonly Row[]): Map<string, number> {
  const blobs = new Map<string, number>();
  for (const { kind, content, seq } of rows) {
    if (kind === "blob" && content !== undefined) blobs.set(textField(content, "text"), seq);
  }
  return blobs;
}
