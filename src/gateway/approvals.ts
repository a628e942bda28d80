/**
 * Open approval requests (docs: policy, "Verdict and approval"). A request is bound to one action by its digest, is open
 * for a time, and is closed once: by an approver, by its asker's no, by its end, by the turn's stop. Who answers is
 * checked before anything is consumed, and a refused answer is a row. The decision row is durable before whoever waits
 * for the outcome goes on.
 */
import type { Action, Tier } from "#contracts/action.ts";
import type { ApprovalAnswer, ApprovalOutcome, PendingApproval } from "#contracts/approval.ts";
import type { Channel } from "#contracts/channel.ts";
import type { Fault } from "#contracts/fault.ts";
import {
  type AgentId,
  type ApprovalId,
  GATEWAY_LANE,
  type InstanceId,
  newApprovalId,
  type PersonId,
  partsOfSession,
  type SessionId,
  type TurnId,
} from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import type { JsonObject } from "#contracts/json.ts";
import { ok, type Result } from "#contracts/result.ts";
import type { Reason } from "#contracts/verdict.ts";
import { isOperatorSurface, mayAnswer } from "#policy/approver.ts";
import { approvalDigest } from "#policy/digest.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { sha256 } from "./approval-digest.ts";
import { outcomeFields } from "./approval-rows.ts";
import { noteRefusedAnswer, type Refusal, refusalFault } from "./approval-refusals.ts";
import type { Approvers } from "./approvers.ts";
import type { CountedRows } from "./counted-rows.ts";
import { stopOf } from "./turn-stop.ts";

/** Closed requests that are remembered, to tell a late answer from a made-up one. */
const CLOSED_KEPT = 1_000;

/** The record could not be written: nobody decided. */
const UNWRITTEN = { verdict: "cancelled", stop: { by: "fault" } } as const;

/** What is asked. */
export interface ApprovalAsk {
  readonly session: SessionId;
  readonly turn: TurnId;
  readonly agent: AgentId;
  readonly asker: PersonId;
  readonly channel: Channel;
  readonly action: Action;
  readonly tier: Tier;
  readonly reasons: readonly [Reason, ...Reason[]];
  /** Members for the row's content: what the person is shown. */
  readonly shown: (pending: PendingApproval) => JsonObject;
}

/** Who answers, as the surface's own connection vouches for them. */
export interface Answerer {
  readonly person: PersonId;
  readonly surface: Channel;
  /** The instance of the adapter's connection; `undefined` for console and CLI. */
  readonly instance: InstanceId | undefined;
}

/** Told of every request and of its end, so that every surface shows the same. */
export interface ApprovalSurfaces {
  opened(pending: PendingApproval): void;
  closed(pending: PendingApproval, outcome: ApprovalOutcome, row: number): void;
}

interface Open {
  readonly pending: PendingApproval;
  readonly resolve: (outcome: ApprovalOutcome) => void;
  readonly reject: (error: unknown) => void;
  readonly cancelTimer: () => void;
  /** Set when its outcome is being written: nothing else may answer it. */
  isClosing: boolean;
}

export interface ApprovalPorts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly approvers: Approvers;
  /** Rows of refused answers. */
  readonly counted: CountedRows;
  readonly surfaces: ApprovalSurfaces;
  /** How long a request is open, in milliseconds. */
  readonly openMs: () => number;
}

export class Approvals {
  readonly #ports: ApprovalPorts;
  readonly #open = new Map<string, Open>();
  readonly #closed = new Map<string, ApprovalOutcome["verdict"]>();

  constructor(ports: ApprovalPorts) {
    this.#ports = ports;
  }

  /** Requests that wait for a person, oldest first. */
  pending(): readonly PendingApproval[] {
    return [...this.#open.values()].filter((open) => !open.isClosing).map((open) => open.pending);
  }

  /** Requests of `agent` that wait. */
  pendingOf(agent: AgentId): number {
    return this.pending().filter((pending) => pending.agent === agent).length;
  }

  /**
   * Asks, and resolves with the outcome once its decision row is durable. `signal` ends the request as cancelled.
   * Rejects when the log cannot be written; then nothing was decided and nothing may run.
   */
  async request(
    ask: ApprovalAsk,
    signal: AbortSignal,
  ): Promise<{ readonly pending: PendingApproval; readonly outcome: ApprovalOutcome }> {
    const pending = this.#pendingOf(ask);
    await this.#writeRequest(pending, ask);
    const outcome = await this.#wait(pending, signal);
    return { pending, outcome };
  }

  async #writeRequest(pending: PendingApproval, ask: ApprovalAsk): Promise<void> {
    const content = { ...ask.shown(pending), nonce: pending.nonce };
    const written = this.#ports.journal.append([
      {
        session: ask.session,
        kind: "approval_requested",
        trust: "system",
        payload: {
          turn: ask.turn,
          call: ask.action.call,
          approval: pending.id,
          tier: ask.tier,
          action: ask.action.kind,
          asker: ask.asker,
          channel: ask.channel,
          expires_ms: pending.expiresMs,
          digest: pending.digest,
        },
        content,
      },
    ]);
    // A request without its row was never asked: whoever prepared to show it forgets it.
    await written.catch((error: unknown) => {
      this.#ports.surfaces.closed(pending, UNWRITTEN, 0);
      throw error;
    });
  }

  /** Answers a request. A refusal consumes nothing and is a row; its fault says what holds. */
  async answer(id: string, by: Answerer, answer: ApprovalAnswer): Promise<Result<ApprovalOutcome, Fault>> {
    const open = this.#open.get(id);
    const refusal = this.#refusalOf(open, id, by, answer);
    if (refusal !== undefined || open === undefined) {
      const reason = refusal ?? "unknown";
      const isKnown = open !== undefined || this.#closed.has(id);
      const of = { session: open?.pending.session ?? GATEWAY_LANE, approval: isKnown ? id : "" };
      await noteRefusedAnswer(this.#ports.counted, of, by, reason);
      return refusalFault(reason);
    }
    const who = { by: by.person, surface: by.surface };
    const outcome: ApprovalOutcome =
      answer.verdict === "approve"
        ? { verdict: "approved", ...who, remember: answer.remember && open.pending.tier === 2 }
        : { verdict: "denied", ...who, why: answer.why };
    await this.#close(open, outcome);
    return ok(outcome);
  }

  async #wait(pending: PendingApproval, signal: AbortSignal): Promise<ApprovalOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<ApprovalOutcome>();
    const end = (outcome: ApprovalOutcome): void => {
      if (!open.isClosing) this.#close(open, outcome).catch(reject);
    };
    const left = Math.max(0, pending.expiresMs - this.#ports.clock.now());
    const cancelTimer = this.#ports.clock.after(left, () => end({ verdict: "expired", because: "time" }));
    const open: Open = { pending, resolve, reject, cancelTimer, isClosing: false };
    this.#open.set(pending.id, open);
    this.#ports.surfaces.opened(pending);
    const stop = (): void => end({ verdict: "cancelled", stop: stopOf(signal) });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** From its first statement on no second answer gets in; `#open` is left only after the row is durable. */
  async #close(open: Open, outcome: ApprovalOutcome): Promise<void> {
    open.isClosing = true;
    open.cancelTimer();
    const { pending } = open;
    const why = outcome.verdict === "denied" && outcome.why !== "" ? { content: { why: outcome.why } } : {};
    try {
      const [row] = await this.#ports.journal.append([
        {
          session: pending.session,
          kind: "decision",
          trust: outcome.verdict === "approved" || outcome.verdict === "denied" ? "user" : "system",
          payload: {
            turn: pending.turn,
            call: pending.action.call,
            approval: pending.id,
            verdict: outcome.verdict,
            digest: pending.digest,
            ...outcomeFields(outcome),
          },
          ...why,
        },
      ]);
      this.#remember(pending.id, outcome.verdict);
      this.#ports.surfaces.closed(pending, outcome, row?.id ?? 0);
      open.resolve(outcome);
    } catch (error) {
      // The log cannot be written: nobody decided. The waiting turn fails, and what it asked for does not run.
      this.#remember(pending.id, "cancelled");
      this.#ports.surfaces.closed(pending, UNWRITTEN, 0);
      open.reject(error);
      throw error;
    } finally {
      this.#open.delete(pending.id);
    }
  }

  #refusalOf(open: Open | undefined, id: string, by: Answerer, answer: ApprovalAnswer): Refusal | undefined {
    if (open === undefined) {
      const verdict = this.#closed.get(id);
      return verdict === undefined ? "unknown" : verdict === "expired" ? "expired" : "already_answered";
    }
    const { pending } = open;
    // An adapter vouches for its own conversations only; console and CLI are the operator's.
    const instance = partsOfSession(pending.session)?.instance;
    if (!isOperatorSurface(by.surface) && (by.surface !== pending.channel || by.instance !== instance)) {
      return "wrong_surface";
    }
    const approvers = this.#ports.approvers.list();
    const may = mayAnswer({
      ...by,
      ...pending,
      verdict: answer.verdict,
      askedOn: pending.channel,
      approvers,
    });
    if (!may.ok) return may.error;
    if (open.isClosing) return "already_answered";
    return this.#ports.clock.now() >= pending.expiresMs ? "expired" : undefined;
  }

  #remember(id: ApprovalId, verdict: ApprovalOutcome["verdict"]): void {
    this.#closed.set(id, verdict);
    const [oldest] = this.#closed.keys();
    if (this.#closed.size > CLOSED_KEPT && oldest !== undefined) this.#closed.delete(oldest);
  }

  #pendingOf(ask: ApprovalAsk): PendingApproval {
    const { session, turn, agent, asker, channel, action, tier, reasons } = ask;
    const askedMs = this.#ports.clock.now();
    const expiresMs = askedMs + this.#ports.openMs();
    const nonce = this.#ports.random.bytes(16).toHex();
    const id = newApprovalId((count) => this.#ports.random.bytes(count));
    const digest = approvalDigest(sha256, { action, session, agent, asker, expiresMs, nonce });
    // Safe: `decide` denies an action without a canonical form, so nobody asks about one.
    if (!digest.ok)
      throw new Error(`approvals: an action without a digest was asked about (${digest.error})`);
    return {
      id,
      session,
      turn,
      agent,
      asker,
      channel,
      action,
      tier,
      reasons,
      askedMs,
      expiresMs,
      nonce,
      digest: digest.value,
    };
  }
}
