/**
 * Messages and approval requests as events of a room: HTML with the plain text beside it. Every event has a
 * transaction id of its own, so a repetition after a broken connection shows nobody anything twice.
 */
import { CHANNEL_TRAITS } from "#contracts/channel.ts";
import type { Json } from "#contracts/json.ts";
import type { ApprovalPrompt, Outbound, PromptClosed } from "#contracts/message.ts";
import type { FailureCode, Piece, Place, SendOutcome, ShownPrompt } from "#kit/adapter.ts";
import { promptAnswers, promptBlocks } from "#kit/approval-prompt.ts";
import { textIn } from "#kit/json-fields.ts";
import { type Block, run } from "#kit/markdown/document.ts";
import { escapeHtml, toHtml } from "#kit/markdown/html.ts";
import { parseMarkdown } from "#kit/markdown/parse.ts";
import { withoutPings } from "#kit/markdown/pings.ts";
import { toPlain } from "#kit/markdown/plain.ts";
import { splitBlocks } from "#kit/split.ts";
import { type MatrixApi, roomPath } from "./api.ts";
import type { MatrixFailure, RefusedReason } from "./failure.ts";
import { isEventId, isRoomId } from "./ids.ts";
import { memoOf, readMemo } from "./memo.ts";
import { SIGN_OF } from "./reaction.ts";
import type { Rooms } from "./rooms.ts";

const TEXT_MAX = CHANNEL_TRAITS.matrix.text_chars_max;
/** Room under a request's text for the words to type, and for the outcome that takes their place. */
const FOOT_UNITS = 600;
const OUTCOME_UNITS = 400;
/** An event has at most 65,536 bytes, with what the homeserver adds. Beyond this the HTML is left out. */
const CONTENT_BYTES_MAX = 56_000;

const CODE_OF = {
  blocked: "blocked",
  too_long: "too_long",
  gone: "rejected",
  other: "rejected",
} as const satisfies Record<RefusedReason, FailureCode>;

export interface OutboundPorts {
  readonly api: MatrixApi;
  readonly rooms: Rooms;
}

type Content = { readonly [name: string]: Json };

/** An answer as the events it becomes. A message without any visible text says so. */
export function renderAnswer(outbound: Outbound): readonly Piece[] {
  const pieces = splitBlocks(parseMarkdown(outbound.markdown), TEXT_MAX).map(pieceOf);
  return pieces.length > 0 ? pieces : [{ text: "(empty message)", plain: "(empty message)" }];
}

/** Sends one piece. `key`: the same for every try of it. */
export async function sendPiece(
  ports: OutboundPorts,
  piece: Piece,
  to: Place,
  key: string,
): Promise<SendOutcome> {
  return await sendEvent(ports, to.conversation, "m.room.message", key, {
    ...contentOf(piece),
    ...relationOf(to),
  });
}

/**
 * Shows an approval request; people answer under its last event, by the signs that stand there or by words.
 */
export async function sendPrompt(ports: OutboundPorts, prompt: ApprovalPrompt): Promise<SendOutcome> {
  const { conversation, thread, approvalId } = prompt;
  const pieces = splitBlocks(promptBlocks(prompt, "buttons"), TEXT_MAX - FOOT_UNITS);
  let outcome: SendOutcome = { kind: "failed", code: "rejected" };
  for (const [index, blocks] of pieces.entries()) {
    const isLast = index === pieces.length - 1;
    const piece = pieceOf(isLast ? [...blocks, ...footOf(prompt)] : blocks);
    outcome = await sendPiece(
      ports,
      piece,
      { conversation, thread, replyTo: "" },
      `${approvalId}-${String(index)}`,
    );
    if (outcome.kind !== "sent") return outcome;
    if (!isLast) continue;
    await offerSigns(ports, prompt, outcome.messageId);
    return { ...outcome, memo: memoOf(prompt, pieceOf(blocks)) };
  }
  return outcome;
}

/** Replaces the words to type by the outcome, in the request itself. */
export async function closePrompt(
  ports: OutboundPorts,
  closed: PromptClosed,
  shown: ShownPrompt,
): Promise<SendOutcome> {
  if (!isEventId(shown.messageId)) return { kind: "failed", code: "rejected" };
  const { text, plain } = readMemo(shown.memo);
  const outcome = withoutPings(closed.outcome).slice(0, OUTCOME_UNITS).toWellFormed();
  const content = contentOf({
    text: `${text}<br><br><b>${escapeHtml(outcome)}</b>`,
    plain: `${plain}\n\n${outcome}`,
  });
  return await sendEvent(ports, closed.conversation, "m.room.message", `${closed.approvalId}-closed`, {
    ...contentOf({ text: `* ${escapeHtml(outcome)}`, plain: `* ${outcome}` }), // for programs without edits
    "m.new_content": content,
    "m.relates_to": { rel_type: "m.replace", event_id: shown.messageId },
  });
}

/** Signs to tap, as reactions of the bot's own. Best effort: the words say the same. */
async function offerSigns(ports: OutboundPorts, prompt: ApprovalPrompt, target: string): Promise<void> {
  const answers = promptAnswers(prompt).length > 1 ? (["approve", "deny"] as const) : (["deny"] as const);
  for (const answer of answers) {
    const relation = { rel_type: "m.annotation", event_id: target, key: SIGN_OF[answer] };
    const key = `${prompt.approvalId}-${answer}`;
    await sendEvent(ports, prompt.conversation, "m.reaction", key, { "m.relates_to": relation });
  }
}

/**
 * Sends one event, once, and asks again under the same transaction id when the outcome is not known: the
 * server then names the first. Nothing is sent in the clear into an encrypted room.
 */
async function sendEvent(
  { api, rooms }: OutboundPorts,
  conversation: string,
  type: string,
  key: string,
  content: Content,
): Promise<SendOutcome> {
  if (!isRoomId(conversation)) return { kind: "failed", code: "rejected" };
  const room = await rooms.of(conversation);
  if (!room.ok) return room.error.kind === "unsure" ? { kind: "retry" } : outcomeOf(room.error);
  if (room.value.isEncrypted) return { kind: "failed", code: "rejected" };
  const path = roomPath(conversation, `send/${type}/${encodeURIComponent(key)}`);
  let sent = await api.put(path, content);
  if (!sent.ok && sent.error.kind === "unsure") sent = await api.put(path, content);
  if (!sent.ok) return outcomeOf(sent.error);
  const id = textIn(sent.value, "event_id");
  return isEventId(id) ? { kind: "sent", messageId: id } : { kind: "unknown" };
}

/** What a failure means for a message. */
export function outcomeOf(failure: MatrixFailure): SendOutcome {
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

/**
 * The content of a text. The empty list of mentions says that nobody is called up, whatever the text looks
 * like.
 */
export function contentOf({ text, plain }: Piece): Content {
  const bare = { msgtype: "m.text", body: plain, "m.mentions": {} };
  const rich = { ...bare, format: "org.matrix.custom.html", formatted_body: text };
  const bytes = new TextEncoder().encode(JSON.stringify(rich)).length;
  return bytes > CONTENT_BYTES_MAX ? bare : rich;
}

/** Where an event belongs: its thread, and in a group what it answers. */
function relationOf({ thread, replyTo }: Place): Content {
  const answered = isEventId(replyTo) ? replyTo : "";
  if (isEventId(thread)) {
    const inReply = { event_id: answered === "" ? thread : answered };
    return {
      "m.relates_to": {
        rel_type: "m.thread",
        event_id: thread,
        is_falling_back: true,
        "m.in_reply_to": inReply,
      },
    };
  }
  return answered === "" ? {} : { "m.relates_to": { "m.in_reply_to": { event_id: answered } } };
}

/** The words to type, with `!`: many programs keep a slash for their own commands. */
function footOf(prompt: ApprovalPrompt): readonly Block[] {
  const [words] = promptBlocks(prompt, "commands").slice(-1);
  const typed = words?.kind === "paragraph" ? words.runs.map(({ text }) => text).join("") : "";
  const signs = promptAnswers(prompt).length > 1 ? `${SIGN_OF.approve} or ${SIGN_OF.deny}` : SIGN_OF.deny;
  return [paragraph(typed.replaceAll("\n/", "\n!")), paragraph(`or react with ${signs}`)];
}

function paragraph(text: string): Block {
  return { kind: "paragraph", runs: [run(text)] };
}

/** Lines end in HTML by a tag of their own, except in code. */
function pieceOf(blocks: readonly Block[]): Piece {
  const html = toHtml(blocks)
    .split(/(<pre>[^]*?<\/pre>)/)
    .map((part) => (part.startsWith("<pre>") ? part : part.replaceAll("\n", "<br>")))
    .join("");
  return { text: html, plain: toPlain(blocks) };
}
