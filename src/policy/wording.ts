/**
 * The approval as every surface shows it (docs: pages, Approval card). All sentences for people are made in
 * this zone: the question in title.ts, the exact call in exact.ts, reasons in reason.ts, endings in
 * outcome.ts.
 */
import type { PendingApproval } from "#contracts/approval.ts";
import type { ApprovalPrompt } from "#contracts/message.ts";
import type { Reason } from "#contracts/verdict.ts";
import { capMiddle, visibleLine } from "#contracts/visible.ts";
import { exactCallCapped } from "./exact.ts";
import { isAlarming, reasonSentence } from "./reason.ts";
import { titleOf } from "./title.ts";

const QUOTE_BYTES_MAX = 600;

/** What only the gateway knows about a request. */
export interface PromptContext {
  /** The platform's conversation and thread where the prompt is shown. */
  readonly conversation: string;
  readonly thread: string;
  /** "you, Telegram, 14:01". */
  readonly askedBy: string;
  /** The text that led to the call, as the person typed it. */
  readonly askedText: string;
  /** "in the box: workspace only, no network", or "unboxed, as user ana". Empty where nothing is launched. */
  readonly runs: string;
  readonly unboxed: boolean;
  /** "Yes, until 22 December" or "No". */
  readonly undo: string;
  readonly answerable: boolean;
  /** Where it can be answered instead; empty when `answerable`. */
  readonly elsewhere: string;
  /** "Allow GET from example.com here for 30 days", or empty. Never offered for tier 3. */
  readonly grantOffer: string;
  readonly sha256Hex: (text: string) => string;
}

/** The card of an open request. */
export function approvalPrompt(pending: PendingApproval, context: PromptContext): ApprovalPrompt {
  const tier = pending.tier === 3 ? 3 : 2;
  return {
    approvalId: pending.id,
    conversation: context.conversation,
    thread: context.thread,
    tier,
    title: titleOf(pending.action),
    exact: exactCallCapped(pending.action, context.sha256Hex),
    facts: factsOf(pending, context),
    askedMs: pending.askedMs,
    expiresMs: pending.expiresMs,
    answerable: context.answerable,
    elsewhere: context.answerable ? "" : context.elsewhere,
    grantOffer: tier === 3 ? "" : context.grantOffer,
  };
}

function factsOf(pending: PendingApproval, context: PromptContext): ApprovalPrompt["facts"] {
  const quoted = visibleLine(capMiddle(context.askedText, QUOTE_BYTES_MAX));
  const { action } = pending;
  const isNetwork = action.kind === "network_request" || action.kind === "credential_use";
  const onlyReads = isNetwork && (action.method === "GET" || action.method === "HEAD");
  const careful = pending.reasons.filter(isAlarming);
  const plain = pending.reasons.filter((reason) => !isAlarming(reason));
  return [
    fact(isNetwork ? "Goes to" : "Runs", context.runs, context.unboxed),
    fact("Asked by", `${visibleLine(context.askedBy)}: “${quoted}”`, false),
    fact("Why this asks", sentences(plain), false),
    fact("Careful", sentences(careful), true),
    fact("Undo", context.undo, context.undo === "No" && !onlyReads),
  ].filter(({ text }) => text !== "");
}

function sentences(reasons: readonly Reason[]): string {
  return reasons.map(reasonSentence).join(" ");
}

function fact(label: string, text: string, alarming: boolean): ApprovalPrompt["facts"][number] {
  return { label, text, alarming };
}
