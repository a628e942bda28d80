/**
 * Slack's envelopes as inbound events. Pure: what needs the network (files, names) is named, not fetched.
 * Bots, our own messages and those of other workspaces are left out; everything else is reported, and the
 * gateway decides who is heard.
 */
import { type JsonObject, isJsonObject, textMember } from "#contracts/json.ts";
import type { InboundDraft } from "#kit/adapter.ts";
import { readCommand } from "#kit/commands.ts";
import type { Envelope } from "./frame.ts";
import type { FileRef } from "./file-ref.ts";
import { type Me, isAtHome, isDirect, isForMe, isSlackId, isTs, msOfTs, personId } from "./identity.ts";
import { unescaped } from "./message-text.ts";
import { readMessage } from "./message.ts";

/** An event to hand on. */
export interface SlackEvent {
  /** Without attachments: they stand in `files`. */
  readonly draft: InboundDraft;
  readonly files: readonly FileRef[];
  /** Whose name is to be asked for; empty where the event brought it. */
  readonly unnamed: string;
}

/** What an envelope is: an event, news that the token has ended, or nothing for us. */
export type Reading = SlackEvent | "revoked" | undefined;

/** Reads an envelope. Never throws for what stands in it. */
export function readEnvelope({ type, payload }: Envelope, me: Me): Reading {
  switch (type) {
    case "events_api":
      return readEvent(payload, me);
    case "interactive":
      return readButton(payload, me);
    case "slash_commands":
      return readSlash(payload, me);
  }
}

function readEvent(payload: JsonObject, me: Me): Reading {
  const event = payload["event"];
  if (!isJsonObject(event) || !isForMe(payload, me)) return undefined;
  switch (textMember(event, "type")) {
    case "message":
    case "app_mention":
      return readMessage(event, me);
    case "reaction_added":
      return readReaction(event, me);
    case "app_uninstalled":
    case "tokens_revoked":
      return "revoked";
    default:
      return undefined;
  }
}

function readReaction(event: JsonObject, me: Me): SlackEvent | undefined {
  const item = isJsonObject(event["item"]) ? event["item"] : {};
  const user = textMember(event, "user");
  const channel = textMember(item, "channel");
  const ts = textMember(item, "ts");
  const at = textMember(event, "event_ts");
  if (!isSlackId(user) || !isSlackId(channel) || !isTs(ts) || !isTs(at) || user === me.userId)
    return undefined;
  const draft: InboundDraft = {
    eventId: `r${at}.${user}`,
    messageId: ts,
    senderId: personId(user, "", me),
    displayName: "",
    conversation: channel,
    thread: "",
    parts: [],
    tsMs: msOfTs(at),
    isGroup: !isDirect(channel),
    mentioned: textMember(event, "item_user") === me.userId,
    replyTo: ts,
    editOf: "",
    kind: "reaction",
    value: textMember(event, "reaction"),
  };
  return { draft, files: [], unnamed: user };
}

/** A press of one of our buttons. */
function readButton(payload: JsonObject, me: Me): SlackEvent | undefined {
  if (textMember(payload, "type") !== "block_actions") return undefined;
  const user = isJsonObject(payload["user"]) ? payload["user"] : {};
  const container = isJsonObject(payload["container"]) ? payload["container"] : {};
  const actions: unknown = payload["actions"];
  const action: unknown = Array.isArray(actions) ? actions[0] : undefined;
  if (!isJsonObject(action) || textMember(action, "type") !== "button") return undefined;
  const userId = textMember(user, "id");
  const channel = textMember(container, "channel_id");
  const shown = textMember(container, "message_ts");
  const at = textMember(action, "action_ts");
  if (!isSlackId(userId) || !isSlackId(channel) || !isTs(shown) || !isTs(at)) return undefined;
  const team = isJsonObject(payload["team"]) ? payload["team"] : {};
  const enterprise = isJsonObject(payload["enterprise"]) ? payload["enterprise"] : {};
  if (!isAtHome(textMember(team, "id"), textMember(enterprise, "id"), me)) return undefined;
  const draft: InboundDraft = {
    eventId: `b${at}.${shown}.${userId}`,
    messageId: shown,
    senderId: personId(userId, textMember(user, "team_id"), me),
    displayName: textMember(user, "name"),
    conversation: channel,
    thread: textMember(container, "thread_ts"),
    parts: [],
    tsMs: msOfTs(at),
    isGroup: !isDirect(channel),
    mentioned: true, // pressing the bot's own button addresses it
    replyTo: shown,
    editOf: "",
    kind: "button",
    value: textMember(action, "value"),
  };
  return { draft, files: [], unnamed: "" };
}

/** `/wirken status` is the command `/status`; `/wirken list files` is a message. */
function readSlash(payload: JsonObject, me: Me): SlackEvent | undefined {
  const user = textMember(payload, "user_id");
  const channel = textMember(payload, "channel_id");
  const trigger = textMember(payload, "trigger_id");
  if (!isSlackId(user) || !isSlackId(channel) || trigger === "") return undefined;
  if (!isAtHome(textMember(payload, "team_id"), textMember(payload, "enterprise_id"), me)) return undefined;
  const words = unescaped(textMember(payload, "text")).trim(); // Slack leaves references as typed here
  const command = readCommand(words === "" ? "/help" : `/${words.replace(/^\//, "")}`);
  const draft: InboundDraft = {
    eventId: `s${trigger}`,
    messageId: trigger,
    senderId: personId(user, textMember(payload, "team_id"), me),
    displayName: textMember(payload, "user_name"),
    conversation: channel,
    thread: "",
    parts: [{ kind: "text", text: command?.value ?? words }],
    tsMs: 0, // Slack says no time here
    isGroup: !isDirect(channel),
    mentioned: true, // it is the bot's own command
    replyTo: "",
    editOf: "",
    kind: command === undefined ? "message" : "command",
    value: command?.value ?? "",
  };
  return { draft, files: [], unnamed: "" };
}
