/**
 * Received messages as inbound events. Pure: what needs the network (files) is named, not fetched. What our own other
 * devices sent, receipts, typing signs, calls, stories, group changes and deletions are left out; everything else is
 * reported, and the gateway decides who is heard.
 */
import type { Part } from "#contracts/message.ts";
import type { InboundDraft } from "#kit/adapter.ts";
import { readCommand } from "#kit/commands.ts";
import type { FileWord } from "#kit/attachment.ts";
import { type Address, type DataMessage, type Envelope, type Reaction, isGroupId } from "./envelope.ts";

/** The account that the adapter speaks for. */
export type Me = Address;

/** A received file, before it is fetched. */
export interface FileRef extends FileWord {
  readonly id: string;
}

/** An event to hand on. */
export interface SignalEvent {
  /** Without attachments: they stand in `files`. */
  readonly draft: InboundDraft;
  readonly files: readonly FileRef[];
  /** Timestamp of our message that is reacted to; empty for other events. */
  readonly reactsTo: string;
}

/** A long text travels as a file of this type beside its beginning. */
export const LONG_TEXT = "text/x-signal-plain";
/** Files taken of one message; a stranger's are fetched before anybody knows that it is one. */
const FILES_MAX = 10;
/** Stands in a text where a mention is shown. */
const OBJECT_SIGN = "\uFFFC";

/** Reads a message; `undefined` for what no person said to somebody. */
export function readMessage(envelope: Envelope, me: Me): SignalEvent | undefined {
  const { sourceUuid, sourceNumber, timestamp, message } = envelope;
  if (message === undefined || message.isGroupUpdate || timestamp === 0) return undefined;
  if (envelope.account !== me.number || sourceUuid === "") return undefined; // nobody to admit
  if (message.groupId !== "" && !isGroupId(message.groupId)) return undefined;
  if (isMe({ uuid: sourceUuid, number: sourceNumber }, me)) return undefined;
  if (message.reaction !== undefined) return readReaction(envelope, message, message.reaction, me);
  const typed = typedText(message, me);
  const { text, isAddressed } = typed;
  const parts = partsOf(message, typed);
  const files = filesOf(message);
  if (parts.length === 0 && files.length === 0) return undefined;
  const isEdit = envelope.editOf > 0;
  const command = isEdit ? undefined : readCommand(text);
  const { quote } = message;
  const draft: InboundDraft = {
    ...commonOf(envelope, message),
    eventId: `${isEdit ? "e" : "m"}${timestamp}.${sourceUuid}`,
    parts,
    mentioned: isAddressed || (quote !== undefined && isMe(quote, me)),
    replyTo: quote === undefined ? "" : messageIdOf(quote.timestamp, isMe(quote, me) ? "" : quote.uuid),
    editOf: isEdit ? messageIdOf(envelope.editOf, sourceUuid) : "",
    kind: isEdit ? "edit" : command === undefined ? "message" : "command",
    value: command?.value ?? "",
  };
  return { draft, files, reactsTo: "" };
}

/** Reactions to our own messages alone: what people think of each other's is not said to us. */
function readReaction(
  envelope: Envelope,
  message: DataMessage,
  reaction: Reaction,
  me: Me,
): SignalEvent | undefined {
  if (!isMe(reaction, me) || reaction.isRemove || reaction.timestamp === 0) return undefined;
  const target = String(reaction.timestamp);
  const draft: InboundDraft = {
    ...commonOf(envelope, message),
    eventId: `r${envelope.timestamp}.${envelope.sourceUuid}`,
    parts: [],
    mentioned: true, // it answers a message of ours
    replyTo: target,
    editOf: "",
    kind: "reaction",
    value: reaction.emoji,
  };
  return { draft, files: [], reactsTo: target };
}

/** A message's id: its time, and its author where that is not us. Signal knows messages by nothing else. */
export function messageIdOf(timestamp: number, author: string): string {
  return author === "" ? String(timestamp) : `${timestamp}:${author}`;
}

function commonOf(envelope: Envelope, message: DataMessage) {
  const { sourceUuid, timestamp } = envelope;
  return {
    messageId: messageIdOf(timestamp, sourceUuid),
    senderId: sourceUuid,
    displayName: envelope.sourceName,
    conversation: message.groupId === "" ? sourceUuid : message.groupId,
    thread: "",
    tsMs: timestamp,
    isGroup: message.groupId !== "",
  };
}

interface TypedText {
  readonly text: string;
  readonly isAddressed: boolean;
  /** Who `@person1` and so on are: their immutable ids. */
  readonly persons: readonly string[];
}

/**
 * The text with mentions as `@person1`, without one of us at its beginning. Who that is stands beside it: nothing that
 * the mentioned person chose may read as if the sender had typed it.
 */
function typedText({ text, mentions }: DataMessage, me: Me): TypedText {
  let shown = text;
  let isAddressed = false;
  let leads = false;
  const persons: string[] = [];
  for (const mention of mentions.toSorted((a, b) => b.start - a.start)) {
    const { start, length } = mention;
    if (length === 0 || shown.slice(start, start + length) !== OBJECT_SIGN) continue;
    const isOurs = isMe(mention, me);
    isAddressed ||= isOurs;
    leads = isOurs && shown.slice(0, start).trim() === "";
    if (!isOurs) persons.push(`person${persons.length + 1} is ${mention.uuid}`);
    const word = isOurs ? "@you" : `@person${persons.length}`;
    shown = shown.slice(0, start) + (leads ? "" : word) + shown.slice(start + length);
  }
  return { text: leads ? shown.trimStart() : shown, isAddressed, persons };
}

/** Typed text first; what the sender did not type is marked as such. */
function partsOf(message: DataMessage, { text, persons }: TypedText): readonly Part[] {
  const parts: Part[] = [];
  if (text !== "") parts.push({ kind: "text", text });
  const quoted = message.quote?.text ?? "";
  if (quoted !== "") parts.push({ kind: "quoted", text: quoted });
  for (const shown of [...persons, ...message.shown]) parts.push({ kind: "preview", text: shown });
  if (message.isViewOnce) parts.push({ kind: "preview", text: "(a file to be seen once was not taken)" });
  const more = message.attachments.length - FILES_MAX;
  if (more > 0) parts.push({ kind: "preview", text: `(${more} more files were not taken)` });
  return parts;
}

function filesOf({ isViewOnce, attachments }: DataMessage): readonly FileRef[] {
  if (isViewOnce) return [];
  return attachments
    .slice(0, FILES_MAX)
    .filter(({ id }) => id !== "")
    .map(fileOf);
}

function fileOf({ id, name, type, bytes }: DataMessage["attachments"][number]): FileRef {
  return { id, name: name === "" ? "file" : name, declaredType: type, bytes };
}

function isMe(other: Address, me: Me): boolean {
  return (other.uuid !== "" && other.uuid === me.uuid) || (other.number !== "" && other.number === me.number);
}
