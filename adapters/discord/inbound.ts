/**
 * Discord's events as inbound events. Pure: what needs the network (files) is named, not fetched. Bots, webhooks and
 * system messages are left out; everything else is reported, and the gateway decides who is heard.
 */
import type { Part } from "#contracts/message.ts";
import type { InboundDraft } from "#kit/adapter.ts";
import type { FileWord } from "#kit/attachment.ts";
import { readCommand } from "#kit/commands.ts";
import { type Wild, flagIn, numberIn, objectIn, objectsIn, textIn } from "#kit/json-fields.ts";
import { isSnowflake, snowflakeMs } from "./snowflake.ts";

/** Who the bot is. */
export interface Me {
  readonly id: string;
  readonly username: string;
}

export interface FileRef extends FileWord {
  readonly url: string;
}

/** How an interaction is to be acknowledged, within three seconds of it. */
export interface Interaction {
  readonly id: string;
  readonly token: string;
  readonly kind: "button" | "command";
}

/** An event to hand on. */
export interface DiscordEvent {
  /** Without attachments: they stand in `files`. */
  readonly draft: InboundDraft;
  readonly files: readonly FileRef[];
  readonly interaction?: Interaction;
}

/** The slash command, and its one option. */
export const SLASH = { name: "wirken", option: "say" } as const;

const DEFAULT_MESSAGE = 0;
const REPLY_MESSAGE = 19;
const FORWARD = 1;
const APPLICATION_COMMAND = 2;
const MESSAGE_COMPONENT = 3;
const BOT_DM = 1;
const FILES_MAX = 10;

/** Reads a dispatch; `undefined` for what is not a person's message, edit, button or command. */
export function readDispatch(name: string, data: Wild, me: Me): DiscordEvent | undefined {
  switch (name) {
    case "MESSAGE_CREATE":
      return readMessage(data, me, "");
    case "MESSAGE_UPDATE": {
      // An address that unfolded comes as an update too: only a person's edit has a time.
      const editedMs = Date.parse(textIn(data, "edited_timestamp"));
      return Number.isSafeInteger(editedMs) ? readMessage(data, me, String(editedMs)) : undefined;
    }
    case "INTERACTION_CREATE":
      return readInteraction(data);
    default:
      return undefined;
  }
}

function readMessage(data: Wild, me: Me, edited: string): DiscordEvent | undefined {
  const author = objectIn(data, "author");
  const [id, channel, sender] = [textIn(data, "id"), textIn(data, "channel_id"), textIn(author, "id")];
  const type = numberIn(data, "type");
  if (![id, channel, sender].every(isSnowflake) || sender === me.id) return undefined;
  if (flagIn(author, "bot") || flagIn(author, "system") || textIn(data, "webhook_id") !== "")
    return undefined;
  if (type !== DEFAULT_MESSAGE && type !== REPLY_MESSAGE) return undefined;
  const content = textIn(data, "content");
  const typed = withoutSlashName(withoutLeadingMention(content, me));
  const foreign = numberIn(objectIn(data, "message_reference"), "type") === FORWARD;
  const command = foreign || edited !== "" ? undefined : readCommand(typed);
  const parts = partsOf(data, typed);
  const files = foreign ? [] : filesOf(data);
  if (parts.length === 0 && files.length === 0) return undefined;
  const answered = objectIn(data, "referenced_message");
  const draft: InboundDraft = {
    eventId: edited === "" ? `m${id}` : `e${id}.${edited}`,
    messageId: id,
    senderId: sender,
    displayName: nameOf(author, objectIn(data, "member")),
    conversation: channel,
    thread: "",
    parts,
    tsMs: snowflakeMs(id),
    isGroup: textIn(data, "guild_id") !== "",
    mentioned: isMentioned(data, content, me) || textIn(objectIn(answered, "author"), "id") === me.id,
    replyTo: foreign ? "" : textIn(answered, "id"),
    editOf: edited === "" ? "" : id,
    kind: edited !== "" ? "edit" : command === undefined ? "message" : "command",
    value: command?.value ?? "",
  };
  return { draft, files };
}

function readInteraction(data: Wild): DiscordEvent | undefined {
  const member = objectIn(data, "member");
  const guild = textIn(data, "guild_id");
  const user =
    textIn(objectIn(member, "user"), "id") === "" ? objectIn(data, "user") : objectIn(member, "user");
  const [id, token, sender] = [textIn(data, "id"), textIn(data, "token"), textIn(user, "id")];
  const channel = textIn(data, "channel_id");
  if (![id, channel, sender].every(isSnowflake) || !/^[\w.~=-]{1,512}$/.test(token)) return undefined;
  if (flagIn(user, "bot")) return undefined;
  const common = {
    eventId: `i${id}`,
    senderId: sender,
    displayName: nameOf(user, member),
    conversation: channel,
    thread: "",
    tsMs: snowflakeMs(id),
    // Elsewhere than in a server or with the bot alone (a group of friends) others read along as well.
    isGroup: guild !== "" || (data["context"] !== undefined && numberIn(data, "context") !== BOT_DM),
    mentioned: true, // whoever uses the bot's own button or command addresses it
    editOf: "",
  } as const;
  const detail = objectIn(data, "data");
  const type = numberIn(data, "type");
  if (type === MESSAGE_COMPONENT) {
    const shown = textIn(objectIn(data, "message"), "id");
    const value = textIn(detail, "custom_id");
    if (!isSnowflake(shown)) return undefined;
    const draft = { ...common, messageId: shown, replyTo: shown, parts: [], kind: "button", value } as const;
    return { draft, files: [], interaction: { id, token, kind: "button" } };
  }
  if (type !== APPLICATION_COMMAND || textIn(detail, "name") !== SLASH.name) return undefined;
  const option = objectsIn(detail, "options").find((each) => textIn(each, "name") === SLASH.option);
  const text = slashWords(textIn(option ?? {}, "value"));
  const command = readCommand(text);
  const draft: InboundDraft = {
    ...common,
    messageId: id,
    replyTo: "",
    parts: [{ kind: "text", text }],
    kind: command === undefined ? "message" : "command",
    value: command?.value ?? "",
  };
  return { draft, files: [], interaction: { id, token, kind: "command" } };
}

/** Typed text first; what the sender did not type is marked as such. */
function partsOf(data: Wild, typed: string): readonly Part[] {
  const parts: Part[] = [];
  if (typed !== "") parts.push({ kind: "text", text: typed });
  for (const snapshot of objectsIn(data, "message_snapshots")) {
    const text = textIn(objectIn(snapshot, "message"), "content");
    if (text !== "") parts.push({ kind: "forwarded", text });
  }
  const quoted = textIn(objectIn(data, "referenced_message"), "content");
  if (quoted !== "") parts.push({ kind: "quoted", text: quoted });
  const shown = [
    ...objectsIn(data, "sticker_items").map((sticker) => `sticker ${textIn(sticker, "name")}`),
    ...objectsIn({ polls: [data["poll"]] }, "polls").map(
      (poll) => `poll: ${textIn(objectIn(poll, "question"), "text")}`,
    ),
  ].join("\n");
  if (shown !== "") parts.push({ kind: "preview", text: shown });
  return parts;
}

function filesOf(data: Wild): readonly FileRef[] {
  return objectsIn(data, "attachments")
    .slice(0, FILES_MAX)
    .map((file) => ({
      name: textIn(file, "filename") === "" ? "file" : textIn(file, "filename"),
      declaredType: textIn(file, "content_type").split(";")[0] ?? "",
      bytes: numberIn(file, "size"),
      url: textIn(file, "url"),
    }));
}

function isMentioned(data: Wild, content: string, me: Me): boolean {
  if (objectsIn(data, "mentions").some((user) => textIn(user, "id") === me.id)) return true;
  return content.includes(`<@${me.id}>`) || content.includes(`<@!${me.id}>`);
}

/** "@bot /status" is the command that it looks like. */
function withoutLeadingMention(text: string, me: Me): string {
  const [, id = "", rest = ""] = /^\s*<@!?(\d+)>\s*([^]*)$/.exec(text) ?? [];
  return id === me.id ? rest : text;
}

/** "/wirken status" that was typed and not chosen from Discord's list: a command, or what stands behind it. */
function withoutSlashName(text: string): string {
  const [, rest] = /^\s*\/wirken\s+([^]*)$/i.exec(text) ?? [];
  return rest === undefined ? text : slashWords(rest);
}

/** Words behind the slash command: a command with or without its slash, or words. */
function slashWords(said: string): string {
  const words = said.trim();
  if (words === "") return "/help";
  return readCommand(`/${words}`) === undefined ? words : `/${words}`;
}

function nameOf(user: Wild, member: Wild): string {
  return (
    [textIn(member, "nick"), textIn(user, "global_name"), textIn(user, "username")].find(
      (name) => name !== "",
    ) ?? ""
  );
}
