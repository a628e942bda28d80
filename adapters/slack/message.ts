/**
 * Messages, their edits and their deletions as inbound events
 * (https://docs.slack.dev/reference/events/message).
 */
import { type JsonObject, isJsonObject, textMember } from "#contracts/json.ts";
import type { Part } from "#contracts/message.ts";
import type { InboundDraft } from "#kit/adapter.ts";
import { readCommand } from "#kit/commands.ts";
import { filesOf } from "./file-ref.ts";
import { type Me, isDirect, isSlackId, isTs, msOfTs, personId } from "./identity.ts";
import type { SlackEvent } from "./inbound.ts";
import { mentions, typedText, withoutAddress } from "./message-text.ts";

/** Subtypes of messages that a person wrote; all others are Slack's own words, or a bot's. */
const WRITTEN = ["", "file_share", "thread_broadcast", "me_message"];
const SLACKBOT = "USLACKBOT";

/** Reads a `message` or `app_mention` event; `undefined` for what no person wrote. */
export function readMessage(event: JsonObject, me: Me): SlackEvent | undefined {
  const channel = textMember(event, "channel");
  if (!isSlackId(channel)) return undefined;
  const subtype = textMember(event, "subtype");
  if (subtype === "message_changed") return readEdit(event, channel, me);
  if (subtype === "message_deleted") return readDeletion(event, channel, me);
  return WRITTEN.includes(subtype) ? readWritten(event, channel, me) : undefined;
}

/** A message as it stands in the history of its channel. */
export function readWritten(message: JsonObject, channel: string, me: Me): SlackEvent | undefined {
  const ts = textMember(message, "ts");
  const text = textMember(message, "text");
  const from = personOf(message, me);
  if (!WRITTEN.includes(textMember(message, "subtype")) || from === undefined || !isTs(ts)) return undefined;
  const typed = typedText(withoutAddress(text, me.userId));
  const files = filesOf(message);
  const parts = partsOf(message, typed);
  if (parts.length === 0 && files.length === 0) return undefined;
  const command = readCommand(typed);
  const thread = threadOf(message, channel, ts);
  const isNamed = textMember(message, "type") === "app_mention" || mentions(text, me.userId);
  const draft: InboundDraft = {
    eventId: `m${ts}`,
    messageId: ts,
    senderId: from.id,
    displayName: "",
    conversation: channel,
    thread,
    parts,
    tsMs: msOfTs(ts),
    isGroup: !isDirect(channel),
    mentioned: isNamed || textMember(message, "parent_user_id") === me.userId,
    replyTo: thread === ts ? "" : thread,
    editOf: "",
    kind: command === undefined ? "message" : "command",
    value: command?.value ?? "",
  };
  return { draft, files, unnamed: from.user };
}

/** A message whose text its author changed. Slack tells of its own changes (previews) in the same way. */
function readEdit(event: JsonObject, channel: string, me: Me): SlackEvent | undefined {
  const message = isJsonObject(event["message"]) ? event["message"] : {};
  const before = isJsonObject(event["previous_message"]) ? event["previous_message"] : {};
  const edited = isJsonObject(message["edited"]) ? message["edited"] : {};
  const ts = textMember(message, "ts");
  const at = textMember(edited, "ts");
  const text = textMember(message, "text");
  const from = personOf(message, me);
  if (from === undefined || textMember(edited, "user") !== from.user || !isTs(ts) || !isTs(at))
    return undefined;
  if (text === textMember(before, "text")) return undefined;
  const typed = typedText(withoutAddress(text, me.userId));
  const draft = changeOf({ eventId: `e${ts}.${at}`, ts, at, channel, senderId: from.id });
  const thread = threadOf(message, channel, ts);
  return {
    draft: { ...draft, thread, parts: partsOf(message, typed), mentioned: mentions(text, me.userId) },
    files: [],
    unnamed: from.user,
  };
}

/** A deleted message is an edit to nothing. Slack does not say who deleted it; it stands under its author. */
function readDeletion(event: JsonObject, channel: string, me: Me): SlackEvent | undefined {
  const before = isJsonObject(event["previous_message"]) ? event["previous_message"] : {};
  const ts = textMember(event, "deleted_ts");
  const at = textMember(event, "event_ts") || textMember(event, "ts");
  const from = personOf(before, me);
  if (from === undefined || !isTs(ts) || !isTs(at)) return undefined;
  const draft = changeOf({ eventId: `d${ts}`, ts, at, channel, senderId: from.id });
  const mentioned = mentions(textMember(before, "text"), me.userId);
  return {
    draft: { ...draft, thread: threadOf(before, channel, ts), mentioned },
    files: [],
    unnamed: from.user,
  };
}

interface Change {
  readonly eventId: string;
  readonly ts: string;
  readonly at: string;
  readonly channel: string;
  readonly senderId: string;
}

function changeOf({ eventId, ts, at, channel, senderId }: Change): InboundDraft {
  return {
    eventId,
    messageId: ts,
    senderId,
    displayName: "",
    conversation: channel,
    thread: "",
    parts: [],
    tsMs: msOfTs(at),
    isGroup: !isDirect(channel),
    mentioned: false,
    replyTo: "",
    editOf: ts,
    kind: "edit",
    value: "",
  };
}

/**
 * Who wrote it; `undefined` for bots (whose messages carry a `bot_id`, also in a person's name), Slack and
 * ourselves.
 */
function personOf(message: JsonObject, me: Me): { readonly id: string; readonly user: string } | undefined {
  const user = textMember(message, "user");
  if (textMember(message, "bot_id") !== "" || isJsonObject(message["bot_profile"])) return undefined;
  if (!isSlackId(user) || user === SLACKBOT || user === me.userId) return undefined;
  const team = textMember(message, "user_team") || textMember(message, "team");
  return { id: personId(user, team, me), user };
}

/**
 * The thread that a message belongs to. In channels every message is, or becomes, the beginning of one: the
 * answer goes there, and what is said in it is one conversation.
 */
function threadOf(message: JsonObject, channel: string, ts: string): string {
  const thread = textMember(message, "thread_ts");
  if (isTs(thread)) return thread;
  return isDirect(channel) ? "" : ts;
}

/** Typed text first; what the sender did not type is marked as such. */
function partsOf(message: JsonObject, typed: string): readonly Part[] {
  const parts: Part[] = typed.trim() === "" ? [] : [{ kind: "text", text: typed }];
  const attachments: unknown = message["attachments"];
  for (const attachment of Array.isArray(attachments) ? attachments : []) {
    if (!isJsonObject(attachment)) continue;
    const words = [textMember(attachment, "title"), textMember(attachment, "text")].filter(
      (word) => word !== "",
    );
    const text = typedText(words.join("\n") || textMember(attachment, "fallback"));
    const isShared = attachment["is_share"] === true || attachment["is_msg_unfurl"] === true;
    if (text !== "") parts.push({ kind: isShared ? "forwarded" : "preview", text });
  }
  return parts;
}
