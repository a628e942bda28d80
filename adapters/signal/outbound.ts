/**
 * Messages and approval requests as calls of signal-cli: plain text with styles beside it, requests that are answered
 * by words or by a reaction.
 */
import { CHANNEL_TRAITS } from "#contracts/channel.ts";
import { type Json, isJsonObject, textMember } from "#contracts/json.ts";
import type { ApprovalPrompt, Outbound, PromptClosed } from "#contracts/message.ts";
import { type Result, ok } from "#contracts/result.ts";
import { utf8Head, utf8Length } from "#contracts/visible.ts";
import type { Piece, Place, SendOutcome, ShownPrompt } from "#kit/adapter.ts";
import { promptAnswers, promptBlocks } from "#kit/approval-prompt.ts";
import { type Block, run } from "#kit/markdown/document.ts";
import { parseMarkdown } from "#kit/markdown/parse.ts";
import { withoutPings } from "#kit/markdown/pings.ts";
import { splitBlocks } from "#kit/split.ts";
import { isGroupId, isUuid } from "./envelope.ts";
import type { RpcFailure } from "./failure.ts";
import type { SignalRpc } from "./rpc.ts";
import { type StyledText, toStyled } from "./styled.ts";

/**
 * Signal's apps drop a message of more than 2,048 bytes without a word; longer texts would have to be files. The trait
 * is in UTF-16 units, and never allows more.
 */
const BYTES_MAX = CHANNEL_TRAITS.signal.text_chars_max;
/** Room under a request's text for the words to type, and for the outcome that takes their place. */
const FOOT_BYTES = 400;
/** A split that still has too many bytes is made again this much finer; a unit has at most three. */
const FINER = 0.7;

/** An answer as the messages it becomes. A message without any visible text says so. */
export function renderAnswer(outbound: Outbound): readonly Piece[] {
  const pieces = split(parseMarkdown(outbound.markdown), BYTES_MAX).map(pieceOf);
  return pieces.length > 0 ? pieces : [{ text: JSON.stringify([]), plain: "(empty message)" }];
}

/** Sends one piece, once. Plain, where a signal-cli does not know the styles. */
export async function sendPiece(
  rpc: SignalRpc,
  piece: Piece,
  to: Place,
  more: { readonly [name: string]: Json } = {},
): Promise<SendOutcome> {
  const target = targetOf(to.conversation);
  if (target === undefined) return { kind: "failed", code: "rejected" };
  const styles = stylesOf(piece.text);
  const params = { ...target, ...quoteOf(to), ...more, message: piece.plain };
  let sent = await sendOnce(rpc, { ...params, ...(styles.length === 0 ? {} : { textStyle: styles }) });
  if (!sent.ok && sent.error.kind === "refused" && sent.error.reason === "style") {
    sent = await sendOnce(rpc, params);
  }
  return sent.ok ? { kind: "sent", messageId: sent.value } : outcomeOf(sent.error);
}

/** Shows an approval request; people answer under its last message. */
export async function sendPrompt(rpc: SignalRpc, prompt: ApprovalPrompt): Promise<SendOutcome> {
  const pieces = split(promptBlocks(prompt, "buttons"), BYTES_MAX - FOOT_BYTES);
  const place = { conversation: prompt.conversation, thread: "", replyTo: "" };
  let outcome: SendOutcome = { kind: "failed", code: "rejected" };
  for (const [index, blocks] of pieces.entries()) {
    const isLast = index === pieces.length - 1;
    outcome = await sendPiece(rpc, pieceOf(isLast ? [...blocks, ...footOf(prompt)] : blocks), place);
    if (outcome.kind !== "sent") return outcome;
    if (isLast) return { ...outcome, memo: memoOf(prompt, toStyled(blocks)) };
  }
  return outcome;
}

/** Replaces the words to type by the outcome in the request itself; where that is refused, a message says it. */
export async function closePrompt(
  rpc: SignalRpc,
  closed: PromptClosed,
  shown: ShownPrompt,
): Promise<SendOutcome> {
  if (!/^\d{1,16}$/.test(shown.messageId)) return { kind: "failed", code: "rejected" };
  const { text, styles } = readMemo(shown.memo);
  const outcome = utf8Head(withoutPings(closed.outcome).toWellFormed(), FOOT_BYTES - 2);
  const message = `${text}\n\n${outcome}`;
  const bold = `${text.length + 2}:${outcome.length}:BOLD`;
  const piece = { text: JSON.stringify([...styles, bold]), plain: message };
  const place = { conversation: closed.conversation, thread: "", replyTo: "" };
  const edited = await sendPiece(rpc, piece, place, { editTimestamp: Number(shown.messageId) });
  if (edited.kind !== "failed" || edited.code !== "rejected") return onceAtMost(edited, shown);
  const [title = ""] = text.split("\n");
  return onceAtMost(await sendPiece(rpc, pieceOf([paragraph(`${title} ${outcome}`)]), place), shown);
}

/** What may have arrived is not said again: the record is the truth, and the chat shows it at most once. */
function onceAtMost(outcome: SendOutcome, { messageId }: ShownPrompt): SendOutcome {
  return outcome.kind === "sent" || outcome.kind === "unknown" ? { kind: "sent", messageId } : outcome;
}

/** The recipient of a conversation: a person's id or a group's; `undefined` for what is neither. */
export function targetOf(
  conversation: string,
): { readonly recipient: readonly string[] } | { readonly groupId: string } | undefined {
  if (isUuid(conversation)) return { recipient: [conversation] };
  return isGroupId(conversation) ? { groupId: conversation } : undefined;
}

/** What a request's message carries for the adapter itself: its text, and what a reaction to it may mean. */
function memoOf(prompt: ApprovalPrompt, { text, styles }: StyledText): string {
  const values = promptAnswers(prompt).map(({ value }) => value);
  return JSON.stringify({ text, styles, values, conversation: prompt.conversation });
}

interface Memo extends StyledText {
  /** What answers may say, as on a button. */
  readonly values: readonly string[];
  /** Where the request stands; empty where that is not known. */
  readonly conversation: string;
}

/** A memo of another version gives a bare line and no answers, never a failure. */
export function readMemo(memo: string): Memo {
  const bare = { text: "Approval request", styles: [], values: [], conversation: "" };
  try {
    const value: unknown = JSON.parse(memo);
    if (!isJsonObject(value) || typeof value["text"] !== "string") return bare;
    return {
      text: value["text"],
      styles: textsOf(value["styles"]),
      values: textsOf(value["values"]),
      conversation: textMember(value, "conversation"),
    };
  } catch {
    return bare;
  }
}

function footOf(prompt: ApprovalPrompt): readonly Block[] {
  const [words] = promptBlocks(prompt, "commands").slice(-1);
  const canApprove = promptAnswers(prompt).length > 1;
  const sign = canApprove ? "or react to this message with 👍 or 👎" : "or react to this message with 👎";
  return [...(words === undefined ? [] : [words]), paragraph(sign)];
}

function paragraph(text: string): Block {
  return { kind: "paragraph", runs: [run(text)] };
}

/** Blocks as messages of at most `bytesMax` bytes of UTF-8 each. */
function split(blocks: readonly Block[], bytesMax: number, units = bytesMax): readonly (readonly Block[])[] {
  return splitBlocks(blocks, units).flatMap((group) =>
    utf8Length(toStyled(group).text) <= bytesMax
      ? [group]
      : split(group, bytesMax, Math.floor(units * FINER)),
  );
}

function pieceOf(blocks: readonly Block[]): Piece {
  const { text, styles } = toStyled(blocks);
  return { text: JSON.stringify(styles), plain: text };
}

function stylesOf(text: string): readonly string[] {
  const value: unknown = JSON.parse(text);
  return textsOf(value);
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** In a group an answer quotes what it answers; in a private chat that is plain from the order. */
function quoteOf({ conversation, replyTo }: Place): { readonly [name: string]: Json } {
  const [, timestamp = "", author = ""] = /^(\d{1,16}):([0-9a-f-]{36})$/.exec(replyTo) ?? [];
  if (isUuid(conversation) || !isUuid(author)) return {};
  return { quoteTimestamp: Number(timestamp), quoteAuthor: author };
}

async function sendOnce(
  rpc: SignalRpc,
  params: { readonly [name: string]: Json },
): Promise<Result<string, RpcFailure>> {
  const answer = await rpc.call("send", params, true);
  if (!answer.ok) return answer;
  const timestamp = isJsonObject(answer.value) ? answer.value["timestamp"] : undefined;
  return ok(typeof timestamp === "number" ? String(timestamp) : "");
}

/** What a failure means for a message. */
export function outcomeOf(failure: RpcFailure): SendOutcome {
  switch (failure.kind) {
    case "rate":
      return { kind: "later", afterMs: failure.afterMs };
    case "busy":
    case "unreached":
      return { kind: "retry" };
    case "unsure":
      return { kind: "unknown" };
    case "account":
      return { kind: "failed", code: "auth" };
    case "identity":
      return { kind: "failed", code: "blocked" };
    case "refused":
      return { kind: "failed", code: failure.reason === "recipient" ? "blocked" : "rejected" };
  }
}
