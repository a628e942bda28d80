/**
 * The one path of an action (docs: policy): classify → decide → ask → decision row → intent row → perform → result row.
 * Nothing reaches a tool by another way. A row that gates what comes next is durable before it, since `append` resolves
 * only then; if it rejects, `act` rejects and nothing runs. Every call that was announced gets a result row.
 */
import type { Action } from "#contracts/action.ts";
import type { ApprovalOutcome, PendingApproval } from "#contracts/approval.ts";
import type { ModelCall } from "#contracts/conversation.ts";
import type { PersonId } from "#contracts/ids.ts";
import type { McpQuestion } from "#contracts/mcp.ts";
import type { Journal } from "#contracts/journal.ts";
import type { Verdict } from "#contracts/verdict.ts";
import type { CallResult, Guard, RefusedBecause } from "#agent/ports.ts";
import { decide } from "#policy/evaluate.ts";
import { type GrantScope, StorableAction } from "#policy/grant.ts";
import { denialForModel } from "#policy/reason.ts";
import { tieringOf } from "#policy/tier.ts";
import { grantOfferOf } from "#policy/title.ts";
import type { Prepared } from "#tools/tool.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { digestFor } from "./approval-digest.ts";
import type { Approvals } from "./approvals.ts";
import { notRun, unapproved } from "./call-ends.ts";
import {
  type CallEnd,
  inputsHash,
  intentRow,
  policyDecisionRow,
  toolCallRow,
  toolResultRow,
} from "./call-rows.ts";
import { EgressLog } from "./egress-log.ts";
import type { Grants } from "./grants.ts";
import type { CallOutput } from "./live-output.ts";
import type { PromptDesk } from "./prompts.ts";
import { type Toolbox, outputLabelsOf } from "./toolbox.ts";
import { secretRows } from "./secret-rows.ts";
import type { TurnFacts } from "./turn-facts.ts";
import { injectionCodes } from "./injection.ts";
import { questionAction } from "./mcp-question.ts";

export interface GuardPorts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly approvals: Approvals;
  readonly grants: Grants;
  readonly toolbox: Toolbox;
  readonly prompts: Pick<PromptDesk, "shown">;
  /** Lifetime of a stored permission in days. */
  readonly grantDays: () => number;
  /** Where the lines of a running call go. */
  readonly outputOf: (call: ModelCall) => CallOutput;
}

/** A call that may run, bound to what was decided. */
interface Cleared {
  readonly prepared: Prepared;
  readonly salt: string;
  readonly pending: PendingApproval | undefined;
}

type Clearance =
  | { readonly kind: "cleared"; readonly cleared: Cleared }
  | { readonly kind: "ended"; readonly end: CallEnd; readonly tool: string };

const CHANGED = "The call changed after it was approved. It was not run.";
const REFUSED_TEXTS = {
  too_many_calls: "Too many calls in one answer. This one did not run.",
  stopped: "The turn was stopped. The call did not run.",
  expired: "An earlier request of this turn expired. The call did not run.",
} as const satisfies Record<RefusedBecause, string>;
const REFUSED_OUTCOMES = { too_many_calls: "denied", stopped: "stopped", expired: "expired" } as const;

export class TurnGuard implements Guard {
  readonly #ports: GuardPorts;
  readonly #facts: TurnFacts;

  constructor(ports: GuardPorts, facts: TurnFacts) {
    this.#ports = ports;
    this.#facts = facts;
  }

  async act(call: ModelCall, signal: AbortSignal): Promise<CallResult> {
    const clearance = await this.#clear(call, signal);
    if (clearance.kind === "ended") return this.#end(call, clearance.tool, clearance.end);
    const { cleared } = clearance;
    const end = await this.#run(call, cleared, signal);
    return this.#end(call, cleared.prepared.action.tool, end);
  }

  async refuse(calls: readonly ModelCall[], because: RefusedBecause): Promise<readonly CallResult[]> {
    const rows = calls.flatMap((call) => {
      const action: Action = {
        ...this.#unclassified(call),
        kind: "unknown_tool",
        name: call.name,
        reason: because,
      };
      const more = { tier: 3, salt: this.#salt(), around: NOWHERE };
      const verdict: Verdict = {
        kind: "deny",
        tier: 3,
        reasons: [{ code: "bad_arguments", detail: because }],
      };
      const end = notRun(REFUSED_OUTCOMES[because], because, REFUSED_TEXTS[because]);
      return [
        toolCallRow(this.#facts, call, action, more),
        policyDecisionRow(this.#facts, call, verdict),
        toolResultRow(this.#facts, call, "unknown", end),
      ];
    });
    const [first, ...rest] = rows;
    if (first === undefined) return [];
    const written = await this.#ports.journal.append([first, ...rest]);
    const seqs = written.filter((row) => row.kind === "tool_result").map((row) => row.seq);
    return seqs.map((seq) => ({ kind: "result", seq, text: REFUSED_TEXTS[because] }));
  }

  /** Classifies and decides; asks where the verdict says so. The rows of both are durable when it resolves. */
  async #clear(call: ModelCall, signal: AbortSignal): Promise<Clearance> {
    const { journal, toolbox } = this.#ports;
    await toolbox.look(call);
    const prepared = toolbox.classify(call, { askerWords: this.#facts.askerWords });
    const { action } = prepared;
    const verdict = this.#decide(action);
    const salt = this.#salt();
    const around = toolbox.describe(action);
    await journal.append([
      toolCallRow(this.#facts, call, action, { tier: verdict.tier, salt, around }),
      policyDecisionRow(this.#facts, call, verdict),
    ]);
    const tool = action.kind === "unknown_tool" ? "unknown" : action.tool;
    if (verdict.kind === "deny") {
      return {
        kind: "ended",
        tool,
        end: notRun("denied", "policy", prepared.refusal ?? denialForModel(verdict)),
      };
    }
    if (prepared.refusal !== undefined) {
      return { kind: "ended", tool, end: notRun("failed", "refused", prepared.refusal) };
    }
    if (verdict.kind === "allow") return { kind: "cleared", cleared: { prepared, salt, pending: undefined } };
    const { pending, outcome } = await this.#ask(action, verdict, signal);
    if (outcome.verdict !== "approved") return { kind: "ended", tool, end: unapproved(outcome) };
    if (outcome.remember) await this.#remember(action, outcome.by);
    return { kind: "cleared", cleared: { prepared, salt, pending } };
  }

  /**
   * Runs what was cleared. What will be performed is made again from the call; if it is not, to the byte, what was
   * decided about (a file, a program or an address changed meanwhile), nothing runs.
   */
  async #run(call: ModelCall, { prepared, salt, pending }: Cleared, signal: AbortSignal): Promise<CallEnd> {
    const { journal, toolbox, clock } = this.#ports;
    if (signal.aborted) return notRun("stopped", "stopped", REFUSED_TEXTS.stopped);
    await toolbox.look(call);
    const now = toolbox.classify(call, { askerWords: this.#facts.askerWords });
    const inputs = inputsHash(salt, now.action);
    const isSame =
      pending === undefined
        ? inputs === inputsHash(salt, prepared.action)
        : digestFor(pending, now.action) === pending.digest;
    if (!isSame || now.refusal !== undefined) return notRun("changed", "changed", CHANGED);
    await journal.append([intentRow(this.#facts, call, { inputs, digest: pending?.digest ?? "" })]);
    const began = clock.monotonic();
    const took = (): number => Math.max(0, Math.round(clock.monotonic() - began));
    if (signal.aborted) return notRun("stopped", "stopped", REFUSED_TEXTS.stopped);
    const output = this.#ports.outputOf(call);
    const egress = EgressLog.of(journal, this.#facts, call.id);
    try {
      const done = await toolbox.perform(now, signal, {
        onLine: (line) => output.line(line),
        question: (question) => this.#question(call, now.action, question, signal),
        onEgress: (seen) => egress.note(seen),
      });
      // A failure's text may quote what was read, so it carries the same labels.
      const labels = outputLabelsOf(now.action);
      return { ...done, labels, tookMs: took() };
    } catch {
      // A bug in a performer: its effect may have begun. The error itself may quote what it worked on, so it
      // stays here.
      const text = "The tool ended with an error of the program. Its effect is not known.";
      return { ...notRun("unknown", "internal", text), tookMs: took() };
    } finally {
      output.end();
      await egress.end();
    }
  }

  async #end(call: ModelCall, tool: string, end: CallEnd): Promise<CallResult> {
    const codes = end.outcome === "done" ? injectionCodes(end.text) : [];
    const [result] = await this.#ports.journal.append([
      toolResultRow(this.#facts, call, tool, end),
      ...codes.map((detector) => ({
        session: this.#facts.handle.session,
        kind: "injection_flag" as const,
        trust: "system" as const,
        payload: { turn: this.#facts.turn, call: call.id, detector },
      })),
      ...secretRows(this.#facts, { source: "tool", call: call.id }, end.secrets),
    ]);
    this.#facts.labels.add(end.labels);
    for (const code of codes) this.#facts.injectionFlags.add(code);
    const seq = result?.seq ?? 0;
    if (end.outcome !== "expired") return { kind: "result", seq, text: end.text };
    return { kind: "expired", seq, text: end.text, needed: tool };
  }

  /** A server's question within a call: decided, asked and recorded like a call, bound to the very answer. */
  async #question(
    call: ModelCall,
    within: Action,
    question: McpQuestion,
    signal: AbortSignal,
  ): Promise<boolean> {
    const action = questionAction(within, question);
    if (action === undefined || signal.aborted) return false;
    const verdict = this.#decide(action);
    await this.#ports.journal.append([policyDecisionRow(this.#facts, call, verdict)]);
    if (verdict.kind !== "ask") return false;
    const { outcome } = await this.#ask(action, verdict, signal);
    return outcome.verdict === "approved";
  }

  async #ask(
    action: Action,
    verdict: Verdict,
    signal: AbortSignal,
  ): Promise<{ readonly pending: PendingApproval; readonly outcome: ApprovalOutcome }> {
    const { handle, turn, asker, askerWords } = this.#facts;
    const around = this.#ports.toolbox.describe(action);
    const offer = grantOfferOf(this.#storable(action), action, this.#ports.grantDays());
    return this.#ports.approvals.request(
      {
        session: handle.session,
        turn,
        agent: handle.place.agent,
        asker,
        channel: handle.channel,
        action,
        tier: verdict.tier,
        reasons: verdict.reasons,
        shown: (pending) => this.#ports.prompts.shown(pending, handle, { askerWords, around, offer }),
      },
      signal,
    );
  }

  /** Stores the permission where the approver wished it; tier 3 has no storable form. */
  async #remember(action: Action, by: PersonId): Promise<void> {
    const storable = this.#storable(action);
    if (storable === undefined) return;
    await this.#ports.grants.add(storable, this.#scope(), this.#ports.grantDays(), by);
  }

  #storable(action: Action): StorableAction | undefined {
    return StorableAction.of(action, tieringOf(action, this.#tierFacts()));
  }

  #decide(action: Action): Verdict {
    const { profile, operator, interactive, injectionFlags, handle } = this.#facts;
    return decide({
      action,
      profile,
      ...this.#tierFacts(),
      scope: this.#scope(),
      grants: this.#ports.grants.heldByAll(this.#facts.heard),
      nowMs: this.#ports.clock.now(),
      operator,
      interactive,
      injectionFlags: [...injectionFlags],
      pendingApprovals: this.#ports.approvals.pendingOf(handle.place.agent),
    });
  }

  #tierFacts() {
    const { labels, askerWords, profile } = this.#facts;
    const { boxEnforced } = this.#ports.toolbox;
    return { labels: labels.value, askerWords, allowedHosts: profile.allowedHosts, boxEnforced };
  }

  #scope(): GrantScope {
    const { handle, asker } = this.#facts;
    return { agent: handle.place.agent, channel: handle.place.instance, person: asker };
  }

  #unclassified(call: ModelCall) {
    return { call: call.id, tool: "unknown", args: {}, plan: "" };
  }

  #salt(): string {
    return this.#ports.random.bytes(16).toHex();
  }
}

const NOWHERE = { where: "", unboxed: false, undo: "" };
