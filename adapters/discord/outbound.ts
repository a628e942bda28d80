/**
 * Messages and approval requests as Discord's messages: nothing in them can ping, no address unfolds into a picture,
 * and a repetition is dropped by its nonce (https://discord.com/developers/docs/resources/message#create-message).
 */
import { CHANNEL_TRAITS } from "#contracts/channel.ts";
import type { Json } from "#contracts/json.ts";
import type { ApprovalPrompt, Outbound, PromptClosed } from "#contracts/message.ts";
import type { Piece, Place, SendOutcome, ShownPrompt } from "#kit/adapter.ts";
import { promptAnswers, promptBlocks } from "#kit/approval-prompt.ts";
import { objectOf, textIn } from "#kit/json-fields.ts";
import type { Block } from "#kit/markdown/document.ts";
import { parseMarkdown } from "#kit/markdown/parse.ts";
import { withoutPings } from "#kit/markdown/pings.ts";
import { toPlain } from "#kit/markdown/plain.ts";
import { splitBlocks } from "#kit/split.ts";
import type { DiscordApi } from "./api.ts";
import { outcomeOf } from "./failure.ts";
import { escapeDiscord, toDiscord } from "./markdown.ts";
import { isSnowflake } from "./snowflake.ts";

const TEXT_MAX = CHANNEL_TRAITS.discord.text_chars_max;
/** Where splitting begins: escapes and fences take room too. */
const PLAIN_MAX = 1_900;
const PLAIN_MIN = 64;
/** Room for an outcome under a request's text. */
const OUTCOME_UNITS = 400;
const NONCE_CHARS_MAX = 25;
const LABEL_CHARS_MAX = 80;
const SUPPRESS_EMBEDS = 1 << 2;
const ACTION_ROW = 1;
const BUTTON = 2;
const STYLE_OF = { secondary: 2, success: 3, danger: 4 } as const;
/** Nobody is pinged, whatever stands in the text: not by name, not by a reply. */
const NO_PINGS = { parse: [], replied_user: false } as const;

/** An answer as the platform messages it becomes. A message without any visible text says so. */
export function renderAnswer(outbound: Outbound): readonly Piece[] {
  const pieces = piecesOf(parseMarkdown(outbound.markdown), TEXT_MAX, PLAIN_MAX);
  return pieces.length > 0 ? pieces : [{ text: "(empty message)", plain: "(empty message)" }];
}

/** Sends one piece. `key`: the same for every try of it. */
export async function sendPiece(
  api: DiscordApi,
  piece: Piece,
  to: Place,
  key: string,
  components: readonly Json[] = [],
): Promise<SendOutcome> {
  if (!isSnowflake(to.conversation)) return { kind: "failed", code: "rejected" };
  const sent = await api.call("POST", `/channels/${to.conversation}/messages`, {
    content: piece.text,
    allowed_mentions: NO_PINGS,
    flags: SUPPRESS_EMBEDS,
    nonce: key.slice(-NONCE_CHARS_MAX),
    enforce_nonce: true,
    ...(isSnowflake(to.replyTo)
      ? { message_reference: { message_id: to.replyTo, fail_if_not_exists: false } }
      : {}),
    ...(components.length > 0 ? { components } : {}),
  });
  if (!sent.ok) return outcomeOf(sent.error);
  const messageId = textIn(objectOf(sent.value), "id");
  return messageId === "" ? { kind: "unknown" } : { kind: "sent", messageId };
}

/** Shows an approval request; its buttons stand under its last message. */
export async function sendPrompt(api: DiscordApi, prompt: ApprovalPrompt): Promise<SendOutcome> {
  const pieces = piecesOf(
    promptBlocks(prompt, "buttons"),
    TEXT_MAX - OUTCOME_UNITS,
    PLAIN_MAX - OUTCOME_UNITS,
  );
  const place = { conversation: prompt.conversation, thread: prompt.thread, replyTo: "" };
  let outcome: SendOutcome = { kind: "failed", code: "rejected" };
  for (const [index, piece] of pieces.entries()) {
    const isLast = index === pieces.length - 1;
    const key = `${prompt.approvalId}-${index}`;
    outcome = await sendPiece(api, piece, place, key, isLast ? buttonsOf(prompt) : []);
    if (outcome.kind !== "sent") return outcome;
    if (isLast) return { ...outcome, memo: piece.text };
  }
  return outcome;
}

/** Replaces a request's buttons by its outcome. */
export async function closePrompt(
  api: DiscordApi,
  closed: PromptClosed,
  shown: ShownPrompt,
): Promise<SendOutcome> {
  if (!isSnowflake(closed.conversation) || !isSnowflake(shown.messageId)) {
    return { kind: "failed", code: "rejected" };
  }
  const text = shown.memo === "" ? "Approval request" : shown.memo;
  const edited = await api.call("PATCH", `/channels/${closed.conversation}/messages/${shown.messageId}`, {
    content: `${text}\n\n**${outcomeText(closed.outcome)}**`,
    allowed_mentions: NO_PINGS,
    components: [],
  });
  return edited.ok ? { kind: "sent", messageId: shown.messageId } : outcomeOf(edited.error);
}

function outcomeText(outcome: string): string {
  const escaped = escapeDiscord(
    withoutPings(outcome)
      .slice(0, (OUTCOME_UNITS - 8) / 2)
      .toWellFormed(),
  );
  return escaped.replace(/\s+/g, " ");
}

/** Cut so that each piece fits as Discord counts it, with its markup. */
function piecesOf(blocks: readonly Block[], max: number, plainMax: number): readonly Piece[] {
  return splitBlocks(blocks, plainMax).flatMap((group) => {
    const text = toDiscord(group);
    if (text.length <= max) return [{ text, plain: toPlain(group) }];
    if (plainMax > PLAIN_MIN) return piecesOf(group, max, Math.max(PLAIN_MIN, Math.floor(plainMax / 2)));
    return [{ text: toPlain(group).slice(0, max).toWellFormed(), plain: toPlain(group) }];
  });
}

function buttonsOf(prompt: ApprovalPrompt): readonly Json[] {
  const buttons = promptAnswers(prompt).map(({ label, value }) => ({
    type: BUTTON,
    style: styleOf(value),
    label: label.length > LABEL_CHARS_MAX ? `${label.slice(0, LABEL_CHARS_MAX - 2).toWellFormed()}…` : label,
    custom_id: value,
  }));
  return buttons.length === 0 ? [] : [{ type: ACTION_ROW, components: buttons }];
}

function styleOf(value: string): number {
  if (value.startsWith("deny:")) return STYLE_OF.danger;
  return value.startsWith("approve:") ? STYLE_OF.success : STYLE_OF.secondary;
}
