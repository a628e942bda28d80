/**
 * The contract of an adapter, on one page. An adapter turns one platform's events into `Inbound` and the
 * gateway's messages into that platform's calls. It decides nothing: who may speak, what is remembered, what
 * is allowed and where an answer goes is the gateway's. The kit owns connection, cursors, deduplication,
 * order, pacing, retries and the outbound journal, so a new channel is the platform's shapes and nothing
 * else.
 */
import type { AdapterChannel } from "#contracts/channel.ts";
import type { Fault } from "#contracts/fault.ts";
import type { AdapterState } from "#contracts/frame.ts";
import type { ApprovalPrompt, Inbound, InboundAck, Outbound, PromptClosed } from "#contracts/message.ts";
import type { Result } from "#contracts/result.ts";
import type { Backoff } from "#runtime/backoff.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import type { Random } from "#runtime/random.ts";
import type { FailPoint } from "./fail-point.ts";
import type { AdapterHandoff } from "./handoff.ts";
import type { Pacing } from "./pacing.ts";
import type { Spool, StateStore } from "./state-store.ts";

/** One module per channel exports one of these. */
export interface AdapterDefinition {
  readonly channel: AdapterChannel;
  /** How fast the platform lets us send; the kit keeps to it before the platform has to say so. */
  readonly pacing: Pacing;
  /** Builds the adapter. A missing or malformed credential is a fault; nothing is sent yet. */
  make(host: AdapterHost, handoff: AdapterHandoff): Result<Adapter, Fault>;
}

export interface Adapter {
  // Required of every channel.

  /**
   * Speaks to the platform until `signal` aborts: log in, report `ready`, hand events on through
   * `host.inbound`. Never throws for what a platform can cause; reports it through `host.report` and tries
   * again or returns.
   */
  run(signal: AbortSignal): Promise<void>;

  /**
   * Renders a message as the platform messages it becomes, in order. Pure: after a crash the kit renders it
   * again and goes on at the first piece whose sending never began.
   */
  render(outbound: Outbound): readonly Piece[];

  /**
   * Sends one piece, once. `unknown` unless it is certain that it did or did not arrive. `key` is the piece's own, the
   * same at every try and after a crash: for platforms that drop a repetition by it.
   */
  send(piece: Piece, to: Place, key: string): Promise<SendOutcome>;

  /** Shows an approval request with its buttons, or with the words to type where the platform has none. */
  prompt(prompt: ApprovalPrompt): Promise<SendOutcome>;

  /** Replaces a shown request's buttons by its outcome. Best effort: the gateway's row is the truth. */
  promptClosed(closed: PromptClosed, shown: ShownPrompt): Promise<SendOutcome>;

  // Optional: what a platform may or may not have.

  /**
   * What the platform says of a piece after it took it: `failed`, or `sent` when it went out or nothing more is known.
   * For platforms that take first and judge later. The chat's next piece waits for it; a crash meanwhile loses the
   * word alone.
   */
  settled?(messageId: string, to: Place): Promise<SendOutcome>;

  /** The agent began or stopped working: a typing sign. Called at every change, never awaited by a send. */
  activity?(place: Place, working: boolean): void;

  /** An event of the gateway that only some channels understand (a growing answer, for pages). */
  event?(name: string, body: string): void;
}

/** What the kit gives an adapter. */
export interface AdapterHost {
  readonly channel: AdapterChannel;
  readonly instance: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Sealed documents that outlive the process: cursors, refreshed tokens. */
  readonly state: StateStore;
  /** Where downloaded files wait for the gateway. */
  readonly spool: Spool;
  readonly failPoint: FailPoint;
  /**
   * Hands an event on. Resolves once the gateway has it durably (or refused it): only then may the cursor
   * move. `closed`: the connection ended first, so the event must come again.
   */
  inbound(event: InboundDraft): Promise<Result<InboundAck["status"], "closed">>;
  /** Asks the gateway; for channels that show more than messages. */
  call(method: string, body: string): Promise<Result<string, Fault>>;
  /**
   * Reports the platform connection's state; equal reports in a row are sent once. `detail` is one plain
   * sentence.
   */
  report(state: AdapterState, detail: string): void;
  /** A fresh backoff for a loop of the adapter. */
  backoff(minMs: number, maxMs: number): Backoff;
}

/** An inbound event without the claims that the kit fills in. */
export type InboundDraft = Omit<Inbound, "channel" | "instance">;

/** Where a message goes: the platform's chat, and its thread where the platform has threads. */
export interface Place {
  readonly conversation: string;
  readonly thread: string;
  /** Platform message that is answered; empty for none. */
  readonly replyTo: string;
}

/** One platform message, rendered. */
export interface Piece {
  /** In the platform's dialect. */
  readonly text: string;
  /** The same without markup, for a platform that refuses `text`. */
  readonly plain: string;
}

/** A shown approval request, as the adapter left it in its outcome. */
export interface ShownPrompt {
  readonly messageId: string;
  /** What the adapter wanted to see again: the shown text, for platforms that replace it as a whole. */
  readonly memo: string;
}

/** How one call to the platform ended. */
export type SendOutcome =
  /** The platform confirmed it. `memo` is kept for a prompt alone. */
  | { readonly kind: "sent"; readonly messageId: string; readonly memo?: string }
  /** It certainly did not arrive; the platform asks to wait this many milliseconds. */
  | { readonly kind: "later"; readonly afterMs: number }
  /** It certainly did not arrive; trying again makes sense. */
  | { readonly kind: "retry" }
  /** It may or may not have arrived. It is not sent again. */
  | { readonly kind: "unknown" }
  /** It certainly did not arrive, and will not. */
  | { readonly kind: "failed"; readonly code: FailureCode };

export const FAILURE_CODES = [
  "rate_limited",
  "blocked",
  "too_long",
  "auth",
  "network",
  "rejected",
  "window_closed", // the platform lets us write only within some time of the person's own message
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];
