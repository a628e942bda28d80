/**
 * Messages and approval requests as calls of the Bot API. HTML where Telegram takes it, plain text where it
 * does not.
 */
import { CHANNEL_TRAITS } from "#contracts/channel.ts";
import { isJsonObject } from "#contracts/json.ts";
import type { ApprovalPrompt, Outbound, PromptClosed } from "#contracts/message.ts";
import type { FailureCode, Piece, Place, SendOutcome, ShownPrompt } from "#kit/adapter.ts";
import { promptAnswers, promptBlocks } from "#kit/approval-prompt.ts";
import type { Block } from "#kit/markdown/document.ts";
import { escapeHtml, toHtml } from "#kit/markdown/html.ts";
import { parseMarkdown } from "#kit/markdown/parse.ts";
import { withoutPings } from "#kit/markdown/pings.ts";
import { toPlain } from "#kit/markdown/plain.ts";
import { splitBlocks } from "#kit/split.ts";
import type { TelegramApi } from "./api.ts";
import type { ApiFailure, RefusedReason } from "./failure.ts";

const TEXT_MAX = CHANNEL_TRAITS.telegram.text_chars_max;
/** Room for an outcome under a request's text. */
const OUTCOME_UNITS = 400;
const BUTTON_CHARS_MAX = 60;

const CODE_OF = {
  markup: "rejected",
  too_long: "too_long",
  blocked: "blocked",
  unchanged: "rejected",
  gone: "rejected",
  other: "rejected",
} as const satisfies Record<RefusedReason, FailureCode>;

type Keyboard = { text: string; callback_data: string }[][];

/** An answer as the platform messages it becomes. A message without any visible text says so. */
export function renderAnswer(outbound: Outbound): readonly Piece[] {
  const pieces = piecesOf(parseMarkdown(outbound.markdown), TEXT_MAX);
  return pieces.length > 0 ? pieces : [{ text: "(empty message)", plain: "(empty message)" }];
}

/** Sends one piece, once. */
export async function sendPiece(
  api: TelegramApi,
  piece: Piece,
  to: Place,
  keyboard?: Keyboard,
): Promise<SendOutcome> {
  const chat = integerOf(to.conversation);
  if (chat === undefined) return { kind: "failed", code: "rejected" };
  const thread = integerOf(to.thread);
  const replied = integerOf(to.replyTo);
  const common = {
    chat_id: chat,
    link_preview_options: { is_disabled: true },
    ...(thread === undefined ? {} : { message_thread_id: thread }),
    ...(replied === undefined
      ? {}
      : { reply_parameters: { message_id: replied, allow_sending_without_reply: true } }),
    ...(keyboard === undefined ? {} : { reply_markup: { inline_keyboard: keyboard } }),
  };
  let sent = await api.attempt((raw) => raw.sendMessage({ ...common, text: piece.text, parse_mode: "HTML" }));
  if (!sent.ok && sent.error.kind === "refused" && sent.error.reason === "markup") {
    sent = await api.attempt((raw) => raw.sendMessage({ ...common, text: piece.plain }));
  }
  return sent.ok ? { kind: "sent", messageId: String(sent.value.message_id) } : outcomeOf(sent.error);
}

/** Shows an approval request; its buttons stand under its last message. */
export async function sendPrompt(api: TelegramApi, prompt: ApprovalPrompt): Promise<SendOutcome> {
  const pieces = piecesOf(promptBlocks(prompt, "buttons"), TEXT_MAX - OUTCOME_UNITS);
  const place = { conversation: prompt.conversation, thread: prompt.thread, replyTo: "" };
  let outcome: SendOutcome = { kind: "failed", code: "rejected" };
  for (const [index, piece] of pieces.entries()) {
    const last = index === pieces.length - 1;
    outcome = await sendPiece(api, piece, place, last ? keyboardOf(prompt) : undefined);
    if (outcome.kind !== "sent") return outcome;
    if (last) return { ...outcome, memo: JSON.stringify(piece) };
  }
  return outcome;
}

/** Replaces a request's buttons by its outcome. */
export async function closePrompt(
  api: TelegramApi,
  closed: PromptClosed,
  shown: ShownPrompt,
): Promise<SendOutcome> {
  const chat = integerOf(closed.conversation);
  const message = integerOf(shown.messageId);
  if (chat === undefined || message === undefined) return { kind: "failed", code: "rejected" };
  const piece = pieceOf(shown.memo);
  const outcome = withoutPings(closed.outcome)
    .slice(0, OUTCOME_UNITS - 2)
    .toWellFormed();
  const target = { chat_id: chat, message_id: message, link_preview_options: { is_disabled: true } };
  let edited = await api.attempt((raw) =>
    raw.editMessageText({
      ...target,
      text: `${piece.text}\n\n<b>${escapeHtml(outcome)}</b>`,
      parse_mode: "HTML",
    }),
  );
  if (!edited.ok && edited.error.kind === "refused" && edited.error.reason === "markup") {
    edited = await api.attempt((raw) =>
      raw.editMessageText({ ...target, text: `${piece.plain}\n\n${outcome}` }),
    );
  }
  if (!edited.ok && edited.error.kind === "refused" && edited.error.reason === "unchanged") {
    return { kind: "sent", messageId: shown.messageId };
  }
  return edited.ok ? { kind: "sent", messageId: shown.messageId } : outcomeOf(edited.error);
}

/** What a failure means for a message. */
export function outcomeOf(failure: ApiFailure): SendOutcome {
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
    case "conflict":
      return { kind: "failed", code: "rejected" };
    case "refused":
      return { kind: "failed", code: CODE_OF[failure.reason] };
  }
}

function piecesOf(blocks: readonly Block[], max: number): readonly Piece[] {
  return splitBlocks(blocks, max).map((group) => ({ text: toHtml(group), plain: toPlain(group) }));
}

function keyboardOf(prompt: ApprovalPrompt): Keyboard | undefined {
  const [deny, approve, ...more] = promptAnswers(prompt).map(({ label, value }) => ({
    text: label.length > BUTTON_CHARS_MAX ? `${label.slice(0, BUTTON_CHARS_MAX).toWellFormed()}…` : label,
    callback_data: value,
  }));
  if (deny === undefined) return undefined;
  const first = approve === undefined ? [deny] : [deny, approve];
  return [first, ...more.map((button) => [button])];
}

/** The shown text; a memo of another version gives a bare line, never a failure. */
function pieceOf(memo: string): Piece {
  const bare = { text: "Approval request", plain: "Approval request" };
  try {
    const value: unknown = JSON.parse(memo);
    if (!isJsonObject(value)) return bare;
    const { text, plain } = value;
    return typeof text === "string" && typeof plain === "string" ? { text, plain } : bare;
  } catch {
    return bare;
  }
}

function integerOf(text: string): number | undefined {
  return /^-?\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}
