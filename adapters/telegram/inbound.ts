/**
 * Telegram's updates as inbound events. Pure: what needs the network (files) is named, not fetched. Bots,
 * channels and service messages are left out; everything else is reported, and the gateway decides who is
 * heard.
 */
import type { Message, MessageEntity, Update } from "grammy/types";
import type { Part } from "#contracts/message.ts";
import type { InboundDraft } from "#kit/adapter.ts";
import { readCommand } from "#kit/commands.ts";
import { type FileRef, fileOf } from "./file-ref.ts";

/** Who the bot is, from `getMe`. */
export interface Me {
  readonly id: number;
  readonly username: string;
}

/** An event to hand on. */
export interface TelegramEvent {
  /** Without attachments: they stand in `files`. */
  readonly draft: InboundDraft;
  readonly files: readonly FileRef[];
  /** To be answered once the event is safe: the button stops turning. Empty for other events. */
  readonly callbackId: string;
}

/** The updates we ask for. */
export const UPDATE_KINDS = ["message", "edited_message", "callback_query"] as const;

/** Reads an update; `undefined` for what is not a person's message or button. */
export function readUpdate(update: Update, me: Me): TelegramEvent | undefined {
  if (update.callback_query !== undefined) return readButton(update.callback_query);
  const edited = update.edited_message;
  const message = update.message ?? edited;
  if (message === undefined) return undefined;
  return readMessage(message, me, edited === undefined ? "" : `.${edited.edit_date}.${update.update_id}`);
}

function readButton(query: NonNullable<Update["callback_query"]>): TelegramEvent | undefined {
  const { message, data, from } = query;
  if (message === undefined || data === undefined || from.is_bot) return undefined;
  const thread = "message_thread_id" in message ? threadOf(message) : "";
  const draft: InboundDraft = {
    eventId: `c${query.id}`,
    messageId: String(message.message_id),
    senderId: String(from.id),
    displayName: nameOf(from),
    conversation: String(message.chat.id),
    thread,
    parts: [],
    tsMs: message.date * 1_000,
    isGroup: message.chat.type !== "private",
    mentioned: true, // pressing the bot's own button addresses it
    replyTo: String(message.message_id),
    editOf: "",
    kind: "button",
    value: data,
  };
  return { draft, files: [], callbackId: query.id };
}

function readMessage(message: Message, me: Me, edit: string): TelegramEvent | undefined {
  const { from, chat } = message;
  if (from === undefined || from.is_bot || chat.type === "channel") return undefined;
  if (message.sender_chat !== undefined) return undefined; // written in the name of a chat: nobody to admit
  const typed = message.text ?? message.caption ?? "";
  const entities = message.entities ?? message.caption_entities ?? [];
  const foreign = message.forward_origin !== undefined || message.via_bot !== undefined;
  const file = fileOf(message);
  const parts = partsOf(message, typed, foreign);
  if (parts.length === 0 && file === undefined) return undefined;
  const command = foreign || edit !== "" ? undefined : readCommand(withoutLeadingMention(typed, me));
  if (command !== undefined && command.addressee !== "" && !isMe(command.addressee, me)) return undefined;
  const kind = edit !== "" ? "edit" : command !== undefined ? "command" : "message";
  const id = String(message.message_id);
  const draft: InboundDraft = {
    eventId: edit === "" ? `m${id}` : `e${id}${edit}`,
    messageId: id,
    senderId: String(from.id),
    displayName: nameOf(from),
    conversation: String(chat.id),
    thread: threadOf(message),
    parts,
    tsMs: message.date * 1_000,
    isGroup: chat.type !== "private",
    mentioned: isMentioned(message, typed, entities, me) || (command?.addressee ?? "") !== "",
    replyTo: message.reply_to_message === undefined ? "" : String(message.reply_to_message.message_id),
    editOf: edit === "" ? "" : id,
    kind,
    value: command?.value ?? "",
  };
  return { draft, files: file === undefined ? [] : [file], callbackId: "" };
}

/** Typed text first; what the sender did not type is marked as such. */
function partsOf(message: Message, typed: string, foreign: boolean): readonly Part[] {
  const parts: Part[] = [];
  if (typed !== "") parts.push({ kind: foreign ? "forwarded" : "text", text: typed });
  const answered = message.reply_to_message;
  const quoted = message.quote?.text ?? answered?.text ?? answered?.caption ?? "";
  if (quoted !== "") parts.push({ kind: "quoted", text: quoted });
  const shown = shownOf(message);
  if (shown !== "") parts.push({ kind: "preview", text: shown });
  return parts;
}

function shownOf(message: Message): string {
  if (message.sticker !== undefined) return `sticker ${message.sticker.emoji ?? ""}`.trim();
  if (message.location !== undefined) {
    return `location ${message.location.latitude}, ${message.location.longitude}`;
  }
  if (message.contact !== undefined) return `contact ${message.contact.first_name}`;
  if (message.poll !== undefined) return `poll: ${message.poll.question}`;
  return "";
}

/** Threads of forum chats alone; elsewhere Telegram numbers chains of replies the same way. */
function threadOf(message: { message_thread_id?: number; is_topic_message?: boolean }): string {
  return message.is_topic_message === true ? String(message.message_thread_id ?? "") : "";
}

function isMentioned(message: Message, text: string, entities: readonly MessageEntity[], me: Me): boolean {
  if (message.reply_to_message?.from?.id === me.id) return true;
  return entities.some((entity) => {
    if (entity.type === "text_mention") return entity.user.id === me.id;
    if (entity.type !== "mention") return false;
    return isMe(text.slice(entity.offset + 1, entity.offset + entity.length), me);
  });
}

function isMe(name: string, me: Me): boolean {
  return name.toLowerCase() === me.username.toLowerCase();
}

/** "@bot /status" is the command that it looks like. */
function withoutLeadingMention(text: string, me: Me): string {
  const [, name = "", rest = ""] = /^\s*@(\w{1,64})\s+([^]*)$/.exec(text) ?? [];
  return isMe(name, me) ? rest : text;
}

function nameOf(from: { first_name: string; last_name?: string }): string {
  return [from.first_name, from.last_name ?? ""].join(" ").trim();
}
