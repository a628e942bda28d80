/**
 * Messages and approval requests as calls of Slack's Web API: blocks where Slack takes them, plain text where
 * not.
 */
import { CHANNEL_TRAITS } from "#contracts/channel.ts";
import { type Json, isJsonObject, textMember } from "#contracts/json.ts";
import type { ApprovalPrompt, Outbound, PromptClosed } from "#contracts/message.ts";
import type { FailureCode, Piece, Place, SendOutcome, ShownPrompt } from "#kit/adapter.ts";
import { promptAnswers, promptBlocks } from "#kit/approval-prompt.ts";
import { type Block, run } from "#kit/markdown/document.ts";
import { parseMarkdown } from "#kit/markdown/parse.ts";
import { withoutPings } from "#kit/markdown/pings.ts";
import { toPlain } from "#kit/markdown/plain.ts";
import { splitBlocks } from "#kit/split.ts";
import type { SlackApi, SlackAnswer } from "./api.ts";
import type { RefusedReason, SlackFailure } from "./failure.ts";
import { isSlackId, isTs } from "./identity.ts";
import { escapeText, toRichText } from "./rich-text.ts";

const TEXT_MAX = CHANNEL_TRAITS.slack.text_chars_max;
/** Room for an outcome under a request's text. */
const OUTCOME_UNITS = 400;
const BUTTON_CHARS_MAX = 75;

const CODE_OF = {
  markup: "rejected",
  too_long: "too_long",
  blocked: "blocked",
  gone: "rejected",
  scope: "rejected",
  off: "rejected",
  other: "rejected",
} as const satisfies Record<RefusedReason, FailureCode>;

/** An answer as the platform messages it becomes. A message without any visible text says so. */
export function renderAnswer(outbound: Outbound): readonly Piece[] {
  const pieces = piecesOf(parseMarkdown(outbound.markdown), TEXT_MAX);
  return pieces.length > 0 ? pieces : [pieceOf([{ kind: "paragraph", runs: [run("(empty message)")] }])];
}

/** Sends one piece, once; with `buttons` under it. */
export async function sendPiece(
  api: SlackApi,
  piece: Piece,
  to: Place,
  buttons: readonly Json[] = [],
): Promise<SendOutcome> {
  if (!isSlackId(to.conversation)) return { kind: "failed", code: "rejected" };
  const common = {
    channel: to.conversation,
    text: escapeText(piece.plain),
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
    ...(isTs(to.thread) ? { thread_ts: to.thread } : {}),
  };
  const blocks = [...blocksOf(piece), ...buttons];
  let sent = await api.post("chat.postMessage", { ...common, blocks }, true);
  if (isMarkupRefused(sent)) {
    sent = await api.post(
      "chat.postMessage",
      { ...common, ...(buttons.length === 0 ? {} : plainBlocks(piece, buttons)) },
      true,
    );
  }
  if (!sent.ok) return outcomeOf(sent.error);
  const messageId = textMember(sent.value, "ts");
  return isTs(messageId) ? { kind: "sent", messageId } : { kind: "unknown" };
}

/** Shows a request: all of it, the buttons under its last message. */
export async function sendPrompt(api: SlackApi, prompt: ApprovalPrompt): Promise<SendOutcome> {
  const place = { conversation: prompt.conversation, thread: prompt.thread, replyTo: "" };
  const pieces = piecesOf(promptBlocks(prompt, "buttons"), TEXT_MAX - OUTCOME_UNITS);
  let outcome: SendOutcome = { kind: "failed", code: "rejected" };
  for (const [index, piece] of pieces.entries()) {
    const last = index === pieces.length - 1;
    outcome = await sendPiece(api, piece, place, last ? [buttonsOf(prompt)] : []);
    if (outcome.kind !== "sent") return outcome;
    if (last) return { ...outcome, memo: JSON.stringify(piece) };
  }
  return outcome;
}

/** Replaces a request's buttons by its outcome. */
export async function closePrompt(
  api: SlackApi,
  closed: PromptClosed,
  shown: ShownPrompt,
): Promise<SendOutcome> {
  if (!isSlackId(closed.conversation) || !isTs(shown.messageId)) return { kind: "failed", code: "rejected" };
  const piece = memoOf(shown.memo);
  const outcome = withoutPings(closed.outcome).slice(0, OUTCOME_UNITS).toWellFormed();
  const text = escapeText(`${piece.plain}\n\n${outcome}`);
  const target = { channel: closed.conversation, ts: shown.messageId, text };
  const verdict = toRichText([{ kind: "paragraph", runs: [run(outcome, ["bold"])] }]);
  let edited = await api.post("chat.update", { ...target, blocks: [...blocksOf(piece), verdict] });
  if (isMarkupRefused(edited)) edited = await api.post("chat.update", { ...target, blocks: [] });
  return edited.ok ? { kind: "sent", messageId: shown.messageId } : outcomeOf(edited.error);
}

/** What a failure means for a message. */
export function outcomeOf(failure: SlackFailure): SendOutcome {
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
    case "refused":
      return { kind: "failed", code: CODE_OF[failure.reason] };
  }
}

function piecesOf(blocks: readonly Block[], max: number): readonly Piece[] {
  return splitBlocks(blocks, max)
    .map(pieceOf)
    .filter(({ plain }) => plain.trim() !== "");
}

function pieceOf(blocks: readonly Block[]): Piece {
  return { text: JSON.stringify([toRichText(blocks)]), plain: toPlain(blocks) };
}

/** The blocks that a piece's text holds. */
function blocksOf(piece: Piece): readonly Json[] {
  const value: unknown = JSON.parse(piece.text); // our own: pieces are made in this file
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** Buttons need blocks: the text as one that has no format at all. */
function plainBlocks(piece: Piece, buttons: readonly Json[]): { readonly blocks: readonly Json[] } {
  const text = piece.plain.slice(0, 3_000).toWellFormed(); // Slack's longest section
  return { blocks: [{ type: "section", text: { type: "plain_text", text, emoji: false } }, ...buttons] };
}

function buttonsOf(prompt: ApprovalPrompt): Json {
  const elements = promptAnswers(prompt).map(({ label, value }, index) => ({
    type: "button",
    action_id: `answer-${index}`,
    text: { type: "plain_text", text: label.slice(0, BUTTON_CHARS_MAX).toWellFormed(), emoji: false },
    value,
  }));
  return { type: "actions", elements };
}

function isMarkupRefused(answer: SlackAnswer): boolean {
  return !answer.ok && answer.error.kind === "refused" && answer.error.reason === "markup";
}

/** The shown text; a memo of another version gives a bare line, never a failure. */
function memoOf(memo: string): Piece {
  const bare = pieceOf([{ kind: "paragraph", runs: [run("Approval request")] }]);
  try {
    const value: unknown = JSON.parse(memo);
    if (!isJsonObject(value)) return bare;
    const piece = { text: textMember(value, "text"), plain: textMember(value, "plain") };
    return Array.isArray(JSON.parse(piece.text)) ? piece : bare;
  } catch {
    return bare;
  }
}
