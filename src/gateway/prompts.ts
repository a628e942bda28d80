/**
 * Approval requests on every surface: the card is made once, stands in the request's row, and is what the
 * asking channel,
 * the pages and the terminal show; the closing goes to the same places.
 */
import { hash } from "node:crypto";
import type { ApprovalOutcome, PendingApproval } from "#contracts/approval.ts";
import type { Channel } from "#contracts/channel.ts";
import type { ApprovalId, InstanceId, SessionId } from "#contracts/ids.ts";
import type { JsonObject } from "#contracts/json.ts";
import type { ApprovalPrompt, PromptClosed } from "#contracts/message.ts";
import { approvalPrompt } from "#policy/wording.ts";
import { isOperatorSurface } from "#policy/approver.ts";
import type { Clock } from "#runtime/clock.ts";
import type { SessionHandle } from "#session/handle.ts";
import type { AdapterLink, AdapterLinks } from "./adapter-links.ts";
import { closedPrompt, type Names, promptJson } from "./approval-rows.ts";
import type { ApprovalSurfaces } from "./approvals.ts";
import type { Approvers } from "./approvers.ts";
import type { EventPlace } from "./events.ts";
import type { Surroundings } from "./toolbox.ts";

export const ELSEWHERE =
  "Answer on the console (`wirken open --console`) or with `wirken permissions approve`.";

function elsewhere(id: ApprovalId): string {
  return `Answer on the console (\`wirken open --console\`) or with \`wirken permissions approve ${id}\`.`;
}

/** Requests that are remembered after their end, for a console that had them open. */
const ENDED_KEPT = 100;

export interface PromptPorts {
  readonly links: AdapterLinks;
  readonly approvers: Approvers;
  readonly names: Names;
  readonly clock: Clock;
}

interface Shown {
  readonly prompt: ApprovalPrompt;
  readonly instance: InstanceId;
}

export class PromptDesk implements ApprovalSurfaces {
  readonly #ports: PromptPorts;
  readonly #open = new Map<ApprovalId, Shown>();
  readonly #ended = new Map<string, { readonly session: SessionId; readonly closed: PromptClosed }>();
  /** Closings of an earlier run's requests, for adapters that have not come back yet. */
  readonly #overdue: { readonly instance: InstanceId; readonly closed: PromptClosed }[] = [];

  constructor(ports: PromptPorts) {
    this.#ports = ports;
    ports.links.onAttach((link) => this.#resume(link));
  }

  /** Makes the card of a request; what it returns stands in the request's row. */
  shown(
    pending: PendingApproval,
    handle: SessionHandle<Channel>,
    context: { readonly askerWords: string; readonly around: Surroundings; readonly offer: string },
  ): JsonObject {
    const { around } = context;
    const at = new Date(pending.askedMs).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    const prompt = approvalPrompt(pending, {
      conversation: handle.place.platformConversation,
      thread: handle.place.thread,
      askedBy: `${this.#ports.names.person(pending.asker)}, ${handle.place.instance}, ${at}`,
      askedText: context.askerWords,
      runs: around.where,
      unboxed: around.unboxed,
      undo: around.undo,
      answerable: this.#isAnswerable(pending),
      elsewhere: elsewhere(pending.id),
      grantOffer: context.offer,
      sha256Hex: (text) => hash("sha256", text, "hex"),
    });
    this.#open.set(pending.id, { prompt, instance: handle.place.instance });
    return { prompt: promptJson(prompt) };
  }

  /** The cards of open requests. */
  prompts(): readonly ApprovalPrompt[] {
    return [...this.#open.values()].map(({ prompt }) => prompt);
  }

  promptOf(id: ApprovalId): ApprovalPrompt | undefined {
    return this.#open.get(id)?.prompt;
  }

  opened(pending: PendingApproval): void {
    const shown = this.#open.get(pending.id);
    if (shown === undefined) return;
    this.#ports.links.of(shown.instance)?.send({ kind: "prompt", prompt: shown.prompt });
  }

  closed(pending: PendingApproval, outcome: ApprovalOutcome): void {
    const shown = this.#open.get(pending.id);
    this.#open.delete(pending.id);
    if (shown === undefined) return;
    this.#end(pending.session, shown, outcome);
  }

  /** Closes, on its surface, a request that a restart ended. */
  closeOverdue({ session, instance }: EventPlace, prompt: ApprovalPrompt): void {
    this.#end(session, { prompt, instance }, { verdict: "expired", because: "restart" });
  }

  /** The last requests that ended in this run, as the console says it, oldest first. */
  ended(): readonly PromptClosed[] {
    return [...this.#ended.values()].map(({ closed }) => closed);
  }

  /** The session of a request that ended in this run and is remembered. */
  sessionOf(id: string): SessionId | undefined {
    return this.#ended.get(id)?.session;
  }

  #end(session: SessionId, { prompt, instance }: Shown, outcome: ApprovalOutcome): void {
    const [surface = ""] = instance.split(":");
    const reader = { names: this.#ports.names, atMs: this.#ports.clock.now() };
    const closed = closedPrompt(prompt, outcome, { ...reader, surface: "console" });
    this.#ended.set(prompt.approvalId, { session, closed });
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > ENDED_KEPT && oldest !== undefined) this.#ended.delete(oldest);
    this.#close(instance, closedPrompt(prompt, outcome, { ...reader, surface }));
  }

  #close(instance: InstanceId, closed: PromptClosed): void {
    const sent = this.#ports.links.of(instance)?.send({ kind: "promptClosed", closed }) ?? false;
    if (!sent) this.#overdue.push({ instance, closed });
  }

  /** Open requests are shown again (an adapter that shows one already does nothing), missed closings are made up. */
  #resume(link: AdapterLink): void {
    for (const { prompt, instance } of this.#open.values()) {
      if (instance === link.instance) link.send({ kind: "prompt", prompt });
    }
    const mine = this.#overdue.filter(({ instance }) => instance === link.instance);
    for (const overdue of mine) {
      this.#overdue.splice(this.#overdue.indexOf(overdue), 1);
      link.send({ kind: "promptClosed", closed: overdue.closed });
    }
  }

  #isAnswerable(pending: PendingApproval): boolean {
    if (isOperatorSurface(pending.channel)) return true;
    return this.#ports.approvers
      .list()
      .some(({ surface, upTo }) => surface === pending.channel && upTo >= pending.tier);
  }
}
