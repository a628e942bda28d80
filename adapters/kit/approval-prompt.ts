/**
 * An approval request as blocks and answers, for every surface but the pages. Built from blocks and never
 * from Markdown, so that nothing a model or a page wrote can become markup, a link, a ping or a second
 * button. The exact call is shown whole or the request is not answerable here.
 */
import type { ApprovalPrompt } from "#contracts/message.ts";
import { visible, visibleLine } from "#contracts/visible.ts";
import { type Block, run } from "./markdown/document.ts";
import { withoutPings } from "./markdown/pings.ts";

export const ANSWERS = ["deny", "approve", "approve-remember"] as const;
export type Answer = (typeof ANSWERS)[number];

/**
 * Longest exact call that is shown in a chat, in UTF-16 units; a longer one is answered on a page or a
 * terminal.
 */
const EXACT_UNITS_MAX = 12_000;
const FACTS_MAX = 5;

export interface PromptAnswer {
  readonly label: string;
  /** What a button carries and the gateway reads: `approve:<id>`, `approve-remember:<id>`, `deny:<id>`. */
  readonly value: string;
}

/**
 * The answers a person may give here, Deny first. Where the request is not answerable Deny stands alone: whoever asked
 * may always say no.
 */
export function promptAnswers(prompt: ApprovalPrompt): readonly PromptAnswer[] {
  const deny: PromptAnswer = { label: "Deny", value: answerValue("deny", prompt.approvalId) };
  if (!answerableHere(prompt)) return [deny];
  const answers = [deny, { label: "Approve once", value: answerValue("approve", prompt.approvalId) }];
  if (prompt.tier === 2 && prompt.grantOffer !== "") {
    answers.push({
      label: "Approve and remember",
      value: answerValue("approve-remember", prompt.approvalId),
    });
  }
  return answers;
}

/** The value of an answer's button, at most 64 bytes (Telegram's `callback_data`). */
export function answerValue(answer: Answer, approvalId: string): string {
  return `${answer}:${approvalId}`;
}

/**
 * The request as blocks.
 * @param means `commands` adds the words to type, for platforms without buttons
 */
export function promptBlocks(prompt: ApprovalPrompt, means: "buttons" | "commands"): readonly Block[] {
  const blocks: Block[] = [{ kind: "heading", runs: [run(line(prompt.title))] }];
  if (prompt.tier === 3) blocks.push(paragraph("Asks every time."));
  if (fitsHere(prompt)) blocks.push({ kind: "code", language: "", text: visible(prompt.exact) });
  for (const fact of prompt.facts.slice(0, FACTS_MAX)) {
    const sign = fact.alarming ? "⚠ " : "";
    const text = withoutPings(`: ${visible(fact.text)}`);
    blocks.push({
      kind: "item",
      depth: 0,
      marker: "•",
      runs: [run(sign + line(fact.label), ["bold"]), run(text)],
    });
  }
  if (promptAnswers(prompt).length > 2)
    blocks.push(paragraph(`Approve and remember: ${line(prompt.grantOffer)}`));
  blocks.push(paragraph(closing(prompt)));
  if (means === "commands") blocks.push(paragraph(commands(prompt)));
  return blocks;
}

function closing(prompt: ApprovalPrompt): string {
  const minutes = Math.max(1, Math.round((prompt.expiresMs - prompt.askedMs) / 60_000));
  if (!prompt.answerable) return withoutPings(visible(prompt.elsewhere));
  if (!fitsHere(prompt)) {
    return "The exact call is too long to be shown here. Answer it on the console or with `wirken permissions`.";
  }
  return `Open for ${minutes} minutes.`;
}

function commands(prompt: ApprovalPrompt): string {
  if (!answerableHere(prompt)) return `Refuse it with\n/deny ${prompt.approvalId}`;
  const remember = prompt.tier === 2 && prompt.grantOffer !== "";
  const more = remember ? `\n/approve ${prompt.approvalId} remember` : "";
  return `Answer with\n/deny ${prompt.approvalId}\n/approve ${prompt.approvalId}${more}`;
}

function answerableHere(prompt: ApprovalPrompt): boolean {
  return prompt.answerable && fitsHere(prompt);
}

function fitsHere(prompt: ApprovalPrompt): boolean {
  return visible(prompt.exact).length <= EXACT_UNITS_MAX;
}

function paragraph(text: string): Block {
  return { kind: "paragraph", runs: [run(text)] };
}

/** One line without pings, every hidden character visible. */
function line(text: string): string {
  return withoutPings(visibleLine(text));
}
