/** Messages and approval requests as calls of the Cloud API, with what their failures mean. */
import { CHANNEL_TRAITS } from "#contracts/channel.ts";
import type { Json } from "#contracts/json.ts";
import type { ApprovalPrompt, Outbound, PromptClosed } from "#contracts/message.ts";
import { visibleLine } from "#contracts/visible.ts";
import type { Piece, Place, SendOutcome, ShownPrompt } from "#kit/adapter.ts";
import { promptAnswers, promptBlocks } from "#kit/approval-prompt.ts";
import type { Block } from "#kit/markdown/document.ts";
import { parseMarkdown } from "#kit/markdown/parse.ts";
import { withoutPings } from "#kit/markdown/pings.ts";
import { toPlain } from "#kit/markdown/plain.ts";
import { toStarred } from "#kit/markdown/starred.ts";
import { splitBlocks } from "#kit/split.ts";
import type { CloudApi, CloudMessage } from "./api.ts";
import type { CloudFailure } from "./failure.ts";
import type { Receipts } from "./receipts.ts";
import type { Reopening } from "./reopening.ts";

const TEXT_MAX = CHANNEL_TRAITS.whatsapp.text_chars_max;
/** Meta's bounds of a message with reply buttons. */
const BODY_MAX = 1_024;
const BUTTON_CHARS_MAX = 20;
const TITLE_UNITS_MAX = 600;

export interface Way {
  readonly api: CloudApi;
  readonly receipts: Receipts;
  readonly reopening: Reopening;
  /** Told of every failure: the adapter's state may follow from it. */
  readonly failed: (failure: CloudFailure) => void;
}

/** An answer as the platform messages it becomes. A message without any visible text says so. */
export function renderAnswer(outbound: Outbound): readonly Piece[] {
  const pieces = piecesOf(parseMarkdown(outbound.markdown));
  return pieces.length > 0 ? pieces : [{ text: "(empty message)", plain: "(empty message)" }];
}

/** Sends one piece, once. */
export function sendPiece(way: Way, piece: Piece, to: Place): Promise<SendOutcome> {
  return sendOnce(way, textMessage(to, piece.text));
}

/** Shows an approval request: what does not fit beside buttons goes before them, as text. */
export async function sendPrompt(way: Way, prompt: ApprovalPrompt): Promise<SendOutcome> {
  const place = { conversation: prompt.conversation, thread: "", replyTo: "" };
  const pieces = piecesOf(promptBlocks(prompt, "buttons"));
  const [only] = pieces;
  const fits = pieces.length === 1 && only !== undefined && only.text.length <= BODY_MAX;
  for (const piece of fits ? [] : pieces) {
    const sent = await sendPiece(way, piece, place);
    if (sent.kind !== "sent") return sent;
  }
  const title = withoutPings(visibleLine(prompt.title)).slice(0, TITLE_UNITS_MAX).toWellFormed();
  const body = fits ? only.text : `${title}\n\nThe exact call stands above.`;
  const buttons = promptAnswers(prompt).map(({ label, value }) => ({
    type: "reply",
    reply: { id: value, title: label.slice(0, BUTTON_CHARS_MAX) },
  }));
  const content: Json = { type: "button", body: { text: body }, action: { buttons } };
  const sent = await sendOnce(way, { to: place.conversation, type: "interactive", replyTo: "", content });
  return sent.kind === "sent" ? await settled(way, sent.messageId, place.conversation) : sent;
}

/** WhatsApp has no edits: the outcome is a message that quotes the request. */
export function closePrompt(way: Way, closed: PromptClosed, shown: ShownPrompt): Promise<SendOutcome> {
  const outcome = withoutPings(closed.outcome).slice(0, BODY_MAX).toWellFormed();
  const place = { conversation: closed.conversation, thread: "", replyTo: shown.messageId };
  return sendOnce(way, textMessage(place, outcome));
}

/** What a failure means for a message. */
export function outcomeOf(failure: CloudFailure): SendOutcome {
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
    case "window":
      return { kind: "failed", code: "window_closed" };
    case "blocked":
      return { kind: "failed", code: "blocked" };
    case "refused":
      return { kind: "failed", code: "rejected" };
  }
}

/** Meta's second word on a message that it took. */
export async function settled(way: Way, messageId: string, to: string): Promise<SendOutcome> {
  const failure = await way.receipts.wordOn(messageId);
  return failure === undefined ? { kind: "sent", messageId } : await failed(way, failure, to);
}

async function sendOnce(way: Way, message: CloudMessage): Promise<SendOutcome> {
  const sent = await way.api.send(message);
  return sent.ok ? { kind: "sent", messageId: sent.value } : await failed(way, sent.error, message.to);
}

async function failed(way: Way, failure: CloudFailure, to: string): Promise<SendOutcome> {
  way.failed(failure);
  if (failure.kind === "window") await way.reopening.ask(to);
  return outcomeOf(failure);
}

function textMessage({ conversation, replyTo }: Place, body: string): CloudMessage {
  return { to: conversation, type: "text", replyTo, content: { body, preview_url: false } };
}

/** Our marks may lead a full piece over the limit; without them it always fits. */
function piecesOf(blocks: readonly Block[]): readonly Piece[] {
  return splitBlocks(blocks, TEXT_MAX).map((group) => {
    const plain = toPlain(group);
    const text = toStarred(group);
    return { text: text.length > TEXT_MAX ? plain : text, plain };
  });
}
