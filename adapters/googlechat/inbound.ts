/**
 * Google Chat's interaction events as inbound events
 * (https://developers.google.com/workspace/chat/api/reference/rest/v1/Event).
 * Pure: files are named, not fetched. Apps are left out.
 */
import type { Part } from "#contracts/message.ts";
import type { InboundDraft } from "#kit/adapter.ts";
import type { FileWord } from "#kit/attachment.ts";
import { readCommand } from "#kit/commands.ts";
import { type Wild, objectIn, objectOf, objectsIn, textIn } from "#kit/json-fields.ts";

/** A file to fetch by its resource. */
export interface MediaRef extends FileWord {
  readonly resource: string;
}

export interface ChatEvent {
  /** Without attachments: they stand in `files`. */
  readonly draft: InboundDraft;
  readonly files: readonly MediaRef[];
}

/** What the buttons of our cards call, and under which name they carry their value. */
export const BUTTON_FUNCTION = "answer";
export const BUTTON_PARAMETER = "value";
const USER = /^users\/[\w-]{1,128}$/;
const SPACE = /^spaces\/[\w-]{1,128}$/;
const FILES_MAX = 10;

/** Reads an event; `undefined` for what is not a person's message or button. */
export function readEvent(value: unknown): ChatEvent | undefined {
  const event = objectOf(value);
  const user = objectIn(event, "user");
  const message = objectIn(event, "message");
  const space = objectIn(event, "space");
  const conversation = textIn(space, "name");
  const isPerson = textIn(user, "type") === "HUMAN" && USER.test(textIn(user, "name"));
  if (!isPerson || !SPACE.test(conversation) || textIn(message, "name") === "") return undefined;
  const isGroup = !isDirect(space);
  const draft: InboundDraft = {
    eventId: textIn(message, "name"),
    messageId: textIn(message, "name"),
    senderId: textIn(user, "name"),
    displayName: textIn(user, "displayName"),
    conversation,
    thread: isGroup ? textIn(objectIn(message, "thread"), "name") : "",
    parts: [],
    tsMs: Date.parse(textIn(event, "eventTime")),
    isGroup,
    mentioned: !isGroup || isMentioned(message),
    replyTo: "",
    editOf: "",
    kind: "message",
    value: "",
  };
  if (textIn(event, "type") === "CARD_CLICKED") return readButton(event, draft);
  return textIn(event, "type") === "MESSAGE" ? readMessage(message, draft) : undefined;
}

function readButton(event: Wild, base: InboundDraft): ChatEvent | undefined {
  const parameters = objectsIn(objectIn(event, "action"), "parameters");
  const found = parameters.find((parameter) => textIn(parameter, "key") === BUTTON_PARAMETER);
  const value = textIn(found ?? {}, "value");
  if (value === "") return undefined;
  const eventId = `c ${base.messageId} ${base.senderId} ${textIn(event, "eventTime")} ${value}`;
  // Pressing the app's own button addresses it.
  return {
    draft: { ...base, eventId, kind: "button", value, mentioned: true, replyTo: base.messageId },
    files: [],
  };
}

function readMessage(message: Wild, base: InboundDraft): ChatEvent | undefined {
  // Without the mention of the app that stands before it.
  const argument = textIn(message, "argumentText");
  const typed = (argument === "" ? textIn(message, "text") : argument).replace(/^[ \t]+/, "");
  const parts: Part[] = typed === "" ? [] : [{ kind: "text", text: typed }];
  const quoted = textIn(
    objectIn(objectIn(message, "quotedMessageMetadata"), "quotedMessageSnapshot"),
    "text",
  );
  if (quoted !== "") parts.push({ kind: "quoted", text: quoted });
  const files = objectsIn(message, "attachment").slice(0, FILES_MAX).flatMap(fileOf);
  if (parts.length === 0 && files.length === 0) return undefined;
  const command = readCommand(typed);
  const kind = command === undefined ? "message" : "command";
  return { draft: { ...base, parts, kind, value: command?.value ?? "" }, files };
}

/** A file of Google Drive has no resource here: it stays where it is. */
function fileOf(attachment: Wild): readonly MediaRef[] {
  const resource = textIn(objectIn(attachment, "attachmentDataRef"), "resourceName");
  if (resource === "") return [];
  const name = textIn(attachment, "contentName");
  return [
    {
      resource,
      name: name === "" ? "file" : name,
      declaredType: textIn(attachment, "contentType"),
      bytes: 0,
    },
  ];
}

function isDirect(space: Wild): boolean {
  return textIn(space, "spaceType") === "DIRECT_MESSAGE" || textIn(space, "type") === "DM";
}

/** In a space Chat tells an app only of messages that name it; the annotation shows it. */
function isMentioned(message: Wild): boolean {
  return objectsIn(message, "annotations").some(
    (annotation) =>
      textIn(annotation, "type") === "SLASH_COMMAND" ||
      (textIn(annotation, "type") === "USER_MENTION" &&
        textIn(objectIn(objectIn(annotation, "userMention"), "user"), "type") === "BOT"),
  );
}
