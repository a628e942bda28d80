/**
 * What the webhook brings, as events (Meta's `WebhookPayload`). Pure: files are named, not fetched. Only direct
 * messages to our own number; what we sent ourselves does not come this way.
 */
import type { Part } from "#contracts/message.ts";
import type { InboundDraft } from "#kit/adapter.ts";
import type { FileWord } from "#kit/attachment.ts";
import { readCommand } from "#kit/commands.ts";
import { type Wild, flagIn, numberIn, objectIn, objectOf, objectsIn, textIn } from "#kit/json-fields.ts";

/** A file to fetch by its id. */
export interface MediaRef extends FileWord {
  readonly id: string;
}

export interface WhatsAppEvent {
  /** Without attachments: they stand in `files`. */
  readonly draft: InboundDraft;
  readonly files: readonly MediaRef[];
}

/** How a message of ours fares, as Meta says later. */
export interface Receipt {
  readonly messageId: string;
  /** Meta's number for what went wrong; 0 when nothing did. */
  readonly code: number;
  readonly state: "sent" | "delivered" | "read" | "failed";
}

export interface Delivered {
  readonly events: readonly WhatsAppEvent[];
  readonly receipts: readonly Receipt[];
}

/** Meta repeats what was not taken for seven days. What seems older was kept by somebody else. */
const AGE_MS_MAX = 8 * 86_400_000;
const AHEAD_MS_MAX = 3_600_000;
/** A person's id is their number with its country, digits alone. */
const WA_ID = /^\d{5,20}$/;
const MESSAGE_ID = /^[\w.=+/-]{1,256}$/;
const FILE_NAMES = {
  image: "image.jpg",
  document: "file",
  audio: "audio.ogg",
  video: "video.mp4",
  sticker: "sticker.webp",
} as const satisfies Record<string, string>;

/** Reads a request's body; `undefined` when it is none of this platform's. */
export function readDelivery(value: unknown, phoneNumberId: string, nowMs: number): Delivered | undefined {
  const payload = objectOf(value);
  if (textIn(payload, "object") !== "whatsapp_business_account") return undefined;
  const mine = objectsIn(payload, "entry")
    .flatMap((entry) => objectsIn(entry, "changes"))
    .filter((change) => textIn(change, "field") === "messages")
    .map((change) => objectIn(change, "value"))
    .filter((found) => textIn(objectIn(found, "metadata"), "phone_number_id") === phoneNumberId);
  return {
    events: mine.flatMap((found) => eventsOf(found, nowMs)),
    receipts: mine.flatMap((found) => objectsIn(found, "statuses").flatMap(receiptOf)),
  };
}

function eventsOf(value: Wild, nowMs: number): readonly WhatsAppEvent[] {
  const names = new Map(
    objectsIn(value, "contacts").map((contact) => [
      textIn(contact, "wa_id"),
      textIn(objectIn(contact, "profile"), "name"),
    ]),
  );
  return objectsIn(value, "messages").flatMap((message) => {
    const event = readMessage(message, names, nowMs);
    return event === undefined ? [] : [event];
  });
}

function readMessage(
  message: Wild,
  names: ReadonlyMap<string, string>,
  nowMs: number,
): WhatsAppEvent | undefined {
  const from = textIn(message, "from");
  const id = textIn(message, "id");
  const type = textIn(message, "type");
  const tsMs = Number(textIn(message, "timestamp")) * 1_000;
  const isFresh = tsMs >= nowMs - AGE_MS_MAX && tsMs <= nowMs + AHEAD_MS_MAX;
  if (!WA_ID.test(from) || !MESSAGE_ID.test(id) || !isFresh) return undefined;
  if (textIn(message, "group_id") !== "") return undefined; // groups are left out: nobody there was paired
  const context = objectIn(message, "context");
  const base: InboundDraft = {
    eventId: id,
    messageId: id,
    senderId: from,
    displayName: names.get(from) ?? "",
    conversation: from,
    thread: "",
    parts: [],
    tsMs,
    isGroup: false,
    mentioned: true, // a direct message is addressed to us
    replyTo: textIn(context, "id"),
    editOf: "",
    kind: "message",
    value: "",
  };
  if (type === "reaction") return reactionOf(objectIn(message, "reaction"), base);
  const pressed = textIn(objectIn(objectIn(message, "interactive"), "button_reply"), "id");
  if (type === "interactive" && pressed !== "") {
    return { draft: { ...base, kind: "button", value: pressed }, files: [] };
  }
  const isForeign = flagIn(context, "forwarded") || flagIn(context, "frequently_forwarded");
  return contentOf(message, type, isForeign, base);
}

/** An emoji, or none where the reaction was taken back. */
function reactionOf(reaction: Wild, base: InboundDraft): WhatsAppEvent {
  const draft: InboundDraft = {
    ...base,
    kind: "reaction",
    value: textIn(reaction, "emoji"),
    replyTo: textIn(reaction, "message_id"),
  };
  return { draft, files: [] };
}

function contentOf(
  message: Wild,
  type: string,
  isForeign: boolean,
  base: InboundDraft,
): WhatsAppEvent | undefined {
  const content = objectIn(message, type);
  const file = fileOf(type, content);
  const typed = typedText(type, content);
  const parts: Part[] = typed === "" ? [] : [{ kind: isForeign ? "forwarded" : "text", text: typed }];
  const shown = file === undefined && typed === "" ? shownOf(message, type, content) : "";
  if (shown !== "") parts.push({ kind: "preview", text: shown });
  const advert = objectIn(message, "referral");
  const cited = [textIn(advert, "headline"), textIn(advert, "body")].filter((text) => text !== "").join("\n");
  if (cited !== "") parts.push({ kind: "preview", text: cited });
  if (parts.length === 0 && file === undefined) return undefined;
  const command = isForeign || type !== "text" ? undefined : readCommand(typed);
  const draft: InboundDraft =
    command === undefined ? { ...base, parts } : { ...base, parts, kind: "command", value: command.value };
  return { draft, files: file === undefined ? [] : [file] };
}

/** What the person wrote, or chose by its words. */
function typedText(type: string, content: Wild): string {
  switch (type) {
    case "text":
      return textIn(content, "body");
    case "button": // the quick reply of a template: its words are what the person saw
      return textIn(content, "text");
    case "interactive":
      return textIn(objectIn(content, "list_reply"), "title");
    default:
      return textIn(content, "caption");
  }
}

function fileOf(type: string, content: Wild): MediaRef | undefined {
  const name = Object.entries(FILE_NAMES).find(([known]) => known === type)?.[1];
  const id = textIn(content, "id");
  if (name === undefined || id === "") return undefined;
  const given = textIn(content, "filename");
  // "audio/ogg; codecs=opus": the type is what stands before the parameters.
  const declaredType = textIn(content, "mime_type").split(";")[0]?.trim() ?? "";
  return { id, name: given === "" ? name : given, declaredType, bytes: 0 };
}

function shownOf(message: Wild, type: string, content: Wild): string {
  if (type === "location") {
    const where = [textIn(content, "name"), textIn(content, "address")].filter((text) => text !== "");
    return [`location ${numberIn(content, "latitude")}, ${numberIn(content, "longitude")}`, ...where].join(
      "\n",
    );
  }
  if (type === "contacts") return objectsIn(message, "contacts").map(contactText).join("\n");
  if (type === "system") return "";
  return "(a message of a kind that cannot be shown here)";
}

function contactText(contact: Wild): string {
  const phones = objectsIn(contact, "phones").map((phone) => textIn(phone, "phone"));
  return ["contact", textIn(objectIn(contact, "name"), "formatted_name"), ...phones]
    .filter((text) => text !== "")
    .join(" ");
}

function receiptOf(status: Wild): readonly Receipt[] {
  const messageId = textIn(status, "id");
  const state = (["sent", "delivered", "read", "failed"] as const).find(
    (known) => known === status["status"],
  );
  if (messageId === "" || state === undefined) return [];
  const code = numberIn(objectsIn(status, "errors")[0] ?? {}, "code");
  return [{ messageId, state, code }];
}
