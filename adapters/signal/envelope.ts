/**
 * The parts of signal-cli's `receive` notification that we read (records `JsonMessageEnvelope` and `JsonDataMessage`
 * of 0.13), each with a type of its own. What is missing or of another type counts as not there.
 */
import { isJsonObject } from "#contracts/json.ts";
import { type Wild, flagIn, numberIn, objectOf, objectsIn, textIn } from "#kit/json-fields.ts";

export interface Envelope {
  readonly account: string;
  /** ACI of the sender, lower case; empty for whoever hides it. */
  readonly sourceUuid: string;
  readonly sourceNumber: string;
  readonly sourceName: string;
  /** Unix milliseconds, by the sender's device: with the sender it names the message. */
  readonly timestamp: number;
  readonly message: DataMessage | undefined;
  /** The message that is edited; 0 for none. */
  readonly editOf: number;
}

export interface DataMessage {
  readonly text: string;
  readonly groupId: string;
  readonly isGroupUpdate: boolean;
  readonly isViewOnce: boolean;
  readonly mentions: readonly Mention[];
  readonly quote: Quote | undefined;
  readonly reaction: Reaction | undefined;
  readonly attachments: readonly Attachment[];
  /** What is shown beside the text: link previews, contacts, stickers. */
  readonly shown: readonly string[];
}

export interface Address {
  readonly uuid: string;
  readonly number: string;
}

export interface Mention extends Address {
  /** In UTF-16 units. */
  readonly start: number;
  readonly length: number;
}

export interface Quote extends Address {
  readonly timestamp: number;
  readonly text: string;
}

export interface Reaction extends Address {
  readonly emoji: string;
  readonly timestamp: number;
  readonly isRemove: boolean;
}

export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
}

/** Reads a notification; `undefined` for what is none. */
export function readEnvelope(value: unknown): Envelope | undefined {
  const envelope = isJsonObject(value) ? value["envelope"] : undefined;
  if (!isJsonObject(value) || !isJsonObject(envelope)) return undefined;
  const edit = memberOf(envelope, "editMessage");
  const data = memberOf(edit ?? envelope, "dataMessage");
  return {
    account: textIn(value, "account"),
    sourceUuid: uuidOf(envelope, "sourceUuid"),
    sourceNumber: textIn(envelope, "sourceNumber"),
    sourceName: textIn(envelope, "sourceName"),
    timestamp: countIn(envelope, "timestamp"),
    message: data === undefined ? undefined : readData(data),
    editOf: edit === undefined ? 0 : countIn(edit, "targetSentTimestamp"),
  };
}

/** True for a message that could not be read because its sender's safety number changed. */
export function isUntrusted(value: unknown): boolean {
  const exception = isJsonObject(value) ? memberOf(value, "exception") : undefined;
  return exception !== undefined && textIn(exception, "type").includes("UntrustedIdentity");
}

function readData(data: Wild): DataMessage {
  const group = memberOf(data, "groupInfo");
  const quote = memberOf(data, "quote");
  const reaction = memberOf(data, "reaction");
  return {
    text: textIn(data, "message"),
    groupId: group === undefined ? "" : textIn(group, "groupId"),
    isGroupUpdate: group !== undefined && textIn(group, "type") === "UPDATE",
    isViewOnce: flagIn(data, "viewOnce"),
    mentions: objectsIn(data, "mentions").map((mention) => ({
      uuid: uuidOf(mention, "uuid"),
      number: textIn(mention, "number"),
      start: countIn(mention, "start"),
      length: countIn(mention, "length"),
    })),
    quote: quote && {
      ...authorOf(quote, "author"),
      timestamp: countIn(quote, "id"),
      text: textIn(quote, "text"),
    },
    reaction: reaction && {
      ...authorOf(reaction, "targetAuthor"),
      emoji: textIn(reaction, "emoji"),
      timestamp: countIn(reaction, "targetSentTimestamp"),
      isRemove: flagIn(reaction, "isRemove"),
    },
    attachments: objectsIn(data, "attachments").map((file) => ({
      id: textIn(file, "id"),
      name: textIn(file, "filename"),
      type: textIn(file, "contentType"),
      bytes: countIn(file, "size"),
    })),
    shown: shownOf(data),
  };
}

function shownOf(data: Wild): readonly string[] {
  const previews = objectsIn(data, "previews").map((preview) =>
    ["title", "description", "url"].map((name) => textIn(preview, name)).join(" "),
  );
  const contacts = objectsIn(data, "contacts").map(
    (contact) => `contact ${textIn(objectOf(contact["name"]), "display")}`,
  );
  const sticker = memberOf(data, "sticker") === undefined ? [] : ["sticker"];
  return [...previews, ...contacts, ...sticker].map((text) => text.trim()).filter((text) => text !== "");
}

function authorOf(object: Wild, name: string): Address {
  return { uuid: uuidOf(object, `${name}Uuid`), number: textIn(object, `${name}Number`) };
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** True for an account's immutable id (ACI). Ids of phone numbers (`PNI:…`) are none. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

const GROUP_ID = /^[A-Za-z0-9+/]{43}=$/;

/** True for a group's id (groups v2: 32 bytes in base64). It can never be a person's. */
export function isGroupId(text: string): boolean {
  return GROUP_ID.test(text);
}

function uuidOf(object: Wild, name: string): string {
  const text = textIn(object, name).toLowerCase();
  return isUuid(text) ? text : "";
}

/** A time or a length: a positive whole number; 0 for anything else. */
function countIn(object: Wild, name: string): number {
  const value = numberIn(object, name);
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/** A field that is an object; `undefined` for anything else. */
function memberOf(object: Wild, name: string): Wild | undefined {
  const value = object[name];
  return isJsonObject(value) ? value : undefined;
}
