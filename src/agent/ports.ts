/**
 * What the turn needs from outside. The gateway implements these; `ports.case.ts` has them in memory. The
 * agent opens no file, starts no process and holds no key: an effect happens in `guard`, a row is written
 * by `journal`.
 */
import type { ModelCall, StopReason } from "#contracts/conversation.ts";
import type { Fault } from "#contracts/fault.ts";
import type { CallId } from "#contracts/ids.ts";
import type { Result } from "#contracts/result.ts";
import type { LlmError, Model, Usage } from "./models/model.ts";

/**
 * A piece of what the model is sent, for the `llm_request` row (docs/formats/audit.md): the text of a row,
 * or a range of it, or a text that no row holds. `call` is the arguments of the call `name` in the
 * assistant row `seq`. The hash of the messages runs over the pieces in order; a message may consist of
 * several.
 */
export type RequestPiece =
  | {
      readonly kind: "row";
      readonly role: "user" | "assistant" | "tool" | "call";
      readonly seq: number;
      /** Tool name for `tool`, our call id for `call`, else empty. */
      readonly name: string;
      /** UTF-8 byte range of the row's text; whole without it. */
      readonly cut?: readonly [from: number, to: number];
      readonly text: string;
    }
  | { readonly kind: "blob"; readonly role: "system" | "tool"; readonly text: string };

/** A request as it is announced, before a byte of it leaves. */
export interface RequestRecord {
  readonly provider: string;
  /** The model's place in words: a host, or "this computer". */
  readonly where: string;
  readonly model: string;
  readonly pieces: readonly RequestPiece[];
  /** The canonical text of the tool table, as the record hashes and keeps it. */
  readonly toolTable: string;
  readonly body: Uint8Array;
  readonly mapper: string;
}

/** What a request became. `requestSeq` is what `request` resolved to. */
export interface ResponseRecord {
  readonly requestSeq: number;
  readonly stop: StopReason;
  readonly usage: Usage;
}

export interface AssistantRecord {
  /** Well-formed text; may be empty. */
  readonly text: string;
  /** In the order in which they will be handed to the guard. */
  readonly calls: readonly ModelCall[];
  readonly stop: StopReason;
  /** Why the text is not whole; empty for a whole answer. */
  readonly brokenBy: "" | "cancelled" | LlmError["class"];
}

export interface TurnJournal {
  /**
   * Writes the `llm_request` row; durable when it resolves to the row's seq. A refusal (provider not
   * allowed for these labels, budget spent) ends the turn and nothing is sent.
   */
  request(record: RequestRecord): Promise<Result<number, Fault>>;
  /** Exactly one of `response` and `error` follows each granted request. */
  response(record: ResponseRecord): Promise<void>;
  error(requestSeq: number, error: LlmError): Promise<void>;
  /** Writes the `assistant_message` row and resolves to its seq. */
  assistant(record: AssistantRecord): Promise<number>;
}

export type CallResult =
  | { readonly kind: "result"; readonly seq: number; readonly text: string }
  /** Nobody answered the approval in time: the turn ends. `needed` says what it needed. */
  | { readonly kind: "expired"; readonly seq: number; readonly text: string; readonly needed: string };

export type RefusedBecause = "too_many_calls" | "stopped" | "expired";

/**
 * The one path of an action. Both ways write the rows of every call and resolve to the seq of its
 * `tool_result`.
 */
export interface Guard {
  /**
   * Classifies, decides, asks, performs. Malformed arguments are its business. With an aborted signal
   * nothing runs.
   */
  act(call: ModelCall, signal: AbortSignal): Promise<CallResult>;
  /** Writes calls that will not run, in one commit, in order. */
  refuse(calls: readonly ModelCall[], because: RefusedBecause): Promise<readonly CallResult[]>;
}

/** What a turn tells while it runs. */
export type AgentEvent =
  | { readonly type: "text_delta"; readonly text: string }
  | { readonly type: "round"; readonly round: number }
  | {
      readonly type: "waiting";
      readonly class: LlmError["class"];
      readonly waitMs: number;
      readonly attempt: number;
    }
  | { readonly type: "calls_refused"; readonly count: number };

export interface TurnPorts {
  readonly model: Model;
  readonly journal: TurnJournal;
  readonly guard: Guard;
  readonly emit: (event: AgentEvent) => void;
  readonly newCallId: () => CallId;
}
