/**
 * A room's events as inbound events. Pure: what needs the network (files, what is answered) is named or
 * passed in. The bot's own events and programs' notices are left out; the rest is reported, and the gateway
 * decides who is heard.
 */
import type { Part } from "#contracts/message.ts";
import type { InboundDraft } from "#kit/adapter.ts";
import { readCommand } from "#kit/commands.ts";
import { type Wild, numberIn, objectIn, textIn } from "#kit/json-fields.ts";
import { isEventId, isUserId } from "./ids.ts";
import { type Content, type FileRef, readContent, withoutQuotation } from "./message.ts";
import type { Room } from "./rooms.ts";

/** Who the bot is, from `whoami`. */
export interface Me {
  readonly id: string;
  /** Its display name; empty when it has none. */
  readonly name: string;
}

/** Where an event stands, and what it is about. */
export interface Setting {
  readonly roomId: string;
  readonly room: Room;
  readonly me: Me;
  /** The event that is answered or replaced; `undefined` where there is none or it cannot be had. */
  readonly related: Wild | undefined;
}

/** An event to hand on. */
export interface MatrixEvent {
  /** Without the file. */
  readonly draft: InboundDraft;
  readonly file: FileRef | undefined;
}

/** The event that this one answers or replaces; empty for none. */
export function relatedTo(event: Wild): string {
  if (textIn(event, "type") !== "m.room.message") return "";
  const content = readContent(objectIn(event, "content"));
  return content === undefined ? "" : content.editOf || content.replyTo;
}

/** Reads a message or a reaction; `undefined` for what no person said to somebody. */
export function readEvent(event: Wild, setting: Setting): MatrixEvent | undefined {
  const sender = textIn(event, "sender");
  const id = textIn(event, "event_id");
  if (!isUserId(sender) || !isEventId(id) || sender === setting.me.id) return undefined;
  const content = objectIn(event, "content");
  switch (textIn(event, "type")) {
    case "m.room.message":
      return readMessage(event, readContent(content), setting);
    case "m.reaction":
      return readReaction(event, setting);
    default:
      return undefined;
  }
}

function readMessage(event: Wild, content: Content | undefined, setting: Setting): MatrixEvent | undefined {
  if (content === undefined) return undefined;
  const { me, related } = setting;
  const { editOf, replyTo, thread } = content;
  const author = related === undefined ? "" : textIn(related, "sender");
  // A homeserver passes on edits of other people's messages: they are nobody's words.
  if (editOf !== "" && author !== textIn(event, "sender")) return undefined;
  const addressed = addressedText(content.typed, me);
  const { isAddressed } = addressed;
  // Programs keep the slash for their own commands, so ours may be typed with `!` as well.
  const slashed = addressed.text.replace(/^!(?=[a-z])/i, "/");
  const command = editOf === "" ? readCommand(slashed) : undefined;
  const text = command === undefined ? addressed.text : slashed;
  const parts = partsOf(content, text, replyTo === "" ? undefined : related);
  if (parts.length === 0 && content.file === undefined) return undefined;
  const draft: InboundDraft = {
    ...commonOf(event, setting),
    thread,
    parts,
    mentioned: isAddressed || isMentioned(content, me) || (replyTo !== "" && author === me.id),
    replyTo,
    editOf,
    kind: editOf !== "" ? "edit" : command === undefined ? "message" : "command",
    value: command?.value ?? "",
  };
  return { draft, file: content.file };
}

/** What it means is told by the message that it is put on (`reaction.ts`). */
function readReaction(event: Wild, setting: Setting): MatrixEvent | undefined {
  const relation = objectIn(objectIn(event, "content"), "m.relates_to");
  const target = textIn(relation, "event_id");
  if (textIn(relation, "rel_type") !== "m.annotation" || !isEventId(target)) return undefined;
  const draft: InboundDraft = {
    ...commonOf(event, setting),
    thread: "",
    parts: [],
    mentioned: true, // only reactions to what the bot asked are handed on
    replyTo: target,
    editOf: "",
    kind: "reaction",
    value: textIn(relation, "key"),
  };
  return { draft, file: undefined };
}

function commonOf(event: Wild, { roomId, room }: Setting) {
  const sender = textIn(event, "sender");
  const id = textIn(event, "event_id");
  return {
    eventId: id,
    messageId: id,
    senderId: sender,
    displayName: room.names.get(sender) ?? "",
    conversation: roomId,
    tsMs: numberIn(event, "origin_server_ts"),
    isGroup: room.isGroup,
  };
}

/** Typed text first; what the sender did not type is marked as such. */
function partsOf(content: Content, text: string, answered: Wild | undefined): readonly Part[] {
  const parts: Part[] = [];
  if (text !== "") parts.push({ kind: "text", text });
  const quoted = answered === undefined ? "" : textIn(objectIn(answered, "content"), "body");
  if (quoted !== "") parts.push({ kind: "quoted", text: withoutQuotation(quoted) });
  if (content.shown !== "") parts.push({ kind: "preview", text: content.shown });
  return parts;
}

/** The text without the bot's name at its beginning, as programs write a mention: `Wirken: hello`. */
function addressedText(text: string, me: Me): { readonly text: string; readonly isAddressed: boolean } {
  const trimmed = text.trimStart();
  for (const name of [me.id, me.name].filter((one) => one !== "")) {
    for (const lead of [`@${name}`, name]) {
      const rest = trimmed.slice(lead.length);
      if (trimmed.startsWith(lead) && /^(?:[:,]\s*|\s+)\S/.test(rest)) {
        return { text: rest.replace(/^[:,]?\s*/, ""), isAddressed: true };
      }
    }
  }
  return { text, isAddressed: false };
}

/** By the list that programs send since Matrix 1.7, by a pill, or by the bot's whole id. */
function isMentioned({ whole, typed }: Content, me: Me): boolean {
  const listed = objectIn(whole, "m.mentions")["user_ids"];
  if (Array.isArray(listed) && listed.includes(me.id)) return true;
  const pill = /<mx-reply>[^]*<\/mx-reply>/;
  const html = textIn(whole, "formatted_body").replace(pill, "");
  const links = [`https://matrix.to/#/${me.id}"`, `https://matrix.to/#/${encodeURIComponent(me.id)}"`];
  return typed.includes(me.id) || links.some((link) => html.includes(link));
}
