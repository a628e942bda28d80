/** Messages and approval requests as messages of the Chat API: text with marks, buttons as a card beneath. */
import { CHANNEL_TRAITS } from "#contracts/channel.ts";
import type { Json } from "#contracts/json.ts";
import type { ApprovalPrompt, Outbound, PromptClosed } from "#contracts/message.ts";
import type { Piece, Place, SendOutcome, ShownPrompt } from "#kit/adapter.ts";
import { promptAnswers, promptBlocks } from "#kit/approval-prompt.ts";
import type { Block } from "#kit/markdown/document.ts";
import { parseMarkdown } from "#kit/markdown/parse.ts";
import { withoutPings } from "#kit/markdown/pings.ts";
import { toPlain } from "#kit/markdown/plain.ts";
import { toStarred } from "#kit/markdown/starred.ts";
import { splitBlocks } from "#kit/split.ts";
import type { ChatApi } from "./api.ts";
import type { ChatFailure } from "./failure.ts";
import { BUTTON_FUNCTION, BUTTON_PARAMETER } from "./inbound.ts";

const TEXT_MAX = CHANNEL_TRAITS.googlechat.text_chars_max;
/** Room for an outcome under a request's text, and for marks. */
const OUTCOME_UNITS = 400;
const JOINER = "\u2060";

export interface Way {
  readonly api: ChatApi;
  /** Told of every failure: the adapter's state may follow from it. */
  readonly failed: (failure: ChatFailure) => void;
}

/** An answer as the platform messages it becomes. A message without any visible text says so. */
export function renderAnswer(outbound: Outbound): readonly Piece[] {
  const pieces = piecesOf(parseMarkdown(outbound.markdown), TEXT_MAX);
  return pieces.length > 0 ? pieces : [{ text: "(empty message)", plain: "(empty message)" }];
}

/** Sends one piece, once. `key`: the same for every try of it. */
export async function sendPiece(
  way: Way,
  piece: Piece,
  to: Place,
  key: string,
  cards: Readonly<Record<string, Json>> = {},
): Promise<SendOutcome> {
  const sent = await way.api.send(to.conversation, to.thread, { text: piece.text, ...cards }, key);
  if (sent.ok) return { kind: "sent", messageId: sent.value };
  way.failed(sent.error);
  return outcomeOf(sent.error);
}

/** Shows an approval request; its buttons stand under its last message. */
export async function sendPrompt(way: Way, prompt: ApprovalPrompt): Promise<SendOutcome> {
  const pieces = piecesOf(promptBlocks(prompt, "buttons"), TEXT_MAX - OUTCOME_UNITS);
  const place = { conversation: prompt.conversation, thread: prompt.thread, replyTo: "" };
  let outcome: SendOutcome = { kind: "failed", code: "rejected" };
  for (const [index, piece] of pieces.entries()) {
    const last = index === pieces.length - 1;
    const key = `${prompt.approvalId}-${index}`;
    outcome = await sendPiece(way, piece, place, key, last ? { cardsV2: [cardOf(prompt)] } : {});
    if (outcome.kind !== "sent") return outcome;
    if (last) return { ...outcome, memo: piece.text };
  }
  return outcome;
}

/** Replaces a request's buttons by its outcome. */
export async function closePrompt(way: Way, closed: PromptClosed, shown: ShownPrompt): Promise<SendOutcome> {
  const outcome = inert(withoutPings(closed.outcome))
    .slice(0, OUTCOME_UNITS - 2)
    .toWellFormed();
  const edited = await way.api.edit(shown.messageId, `${shown.memo}\n\n${outcome}`);
  return edited.ok ? { kind: "sent", messageId: shown.messageId } : outcomeOf(edited.error);
}

/** What a failure means for a message. */
export function outcomeOf(failure: ChatFailure): SendOutcome {
  switch (failure.kind) {
    case "rate":
      return { kind: "later", afterMs: failure.afterMs };
    case "busy":
    case "unreached":
      return { kind: "retry" };
    case "unsure":
      return { kind: "unknown" };
    case "auth":
      return { kind: "failed", code: "auth" };
    case "blocked":
      return { kind: "failed", code: "blocked" };
    case "refused":
      return { kind: "failed", code: "rejected" };
  }
}

/** `<users/all>` calls everybody, `<address|words>` hides an address: neither is left of a text. */
export function inert(text: string): string {
  return text.replace(/<(?=users\/|[a-z][a-z0-9+.-]*:)/gi, `<${JOINER}`);
}

function piecesOf(blocks: readonly Block[], max: number): readonly Piece[] {
  return splitBlocks(blocks, max - OUTCOME_UNITS).map((group) => {
    const plain = inert(toPlain(group));
    const text = inert(toStarred(group));
    return { text: text.length > max ? plain.slice(0, max).toWellFormed() : text, plain };
  });
}

function cardOf(prompt: ApprovalPrompt): Json {
  const buttons = promptAnswers(prompt).map(({ label, value }) => ({
    text: label,
    onClick: {
      action: { function: BUTTON_FUNCTION, parameters: [{ key: BUTTON_PARAMETER, value }] },
    },
  }));
  return { cardId: prompt.approvalId, card: { sections: [{ widgets: [{ buttonList: { buttons } }] }] } };
}
