/**
 * The content of a message: what was typed, what it answers or replaces, the file it carries. Nothing is
 * believed.
 */
import { type Wild, numberIn, objectIn, textIn } from "#kit/json-fields.ts";
import { isEventId } from "./ids.ts";

export interface FileRef {
  readonly address: string;
  readonly name: string;
  readonly declaredType: string;
  readonly bytes: number;
}

export interface Content {
  /** What the sender typed, without the quotation that older programs put before it. */
  readonly typed: string;
  /** Something that is no text and no file, in words; empty for none. */
  readonly shown: string;
  readonly file: FileRef | undefined;
  /** Event that is answered; empty for none. */
  readonly replyTo: string;
  /** First event of the thread; empty outside of threads. */
  readonly thread: string;
  /** Event that is replaced; empty for a new message. */
  readonly editOf: string;
  /** The content that counts: of an edit the new one. */
  readonly whole: Wild;
}

const FILES = ["m.image", "m.file", "m.audio", "m.video"];

/** Reads an `m.room.message`; `undefined` for what no person wrote (notices are for programs). */
export function readContent(content: Wild): Content | undefined {
  const relation = objectIn(content, "m.relates_to");
  const kind = textIn(relation, "rel_type");
  const target = eventIn(relation, "event_id");
  const isEdit = kind === "m.replace";
  if (isEdit && target === "") return undefined;
  const whole = isEdit ? objectIn(content, "m.new_content") : content;
  const type = textIn(whole, "msgtype");
  const isThread = kind === "m.thread";
  // Inside a thread the reply is a crutch for programs without threads, unless it says otherwise.
  const isCrutch = isThread && relation["is_falling_back"] === true;
  const replyTo = isEdit || isCrutch ? "" : eventIn(objectIn(relation, "m.in_reply_to"), "event_id");
  const body = textIn(whole, "body");
  const text = replyTo === "" ? body : withoutQuotation(body);
  const common = { replyTo, thread: isThread ? target : "", editOf: isEdit ? target : "", whole };
  if (type === "m.text" || type === "m.emote") {
    return { ...common, typed: text, shown: "", file: undefined };
  }
  if (type === "m.location") return { ...common, typed: "", shown: `location: ${body}`, file: undefined };
  if (!FILES.includes(type)) return undefined;
  const named = textIn(whole, "filename");
  const caption = named !== "" && named !== body ? text : "";
  const info = objectIn(whole, "info");
  const file = {
    address: textIn(whole, "url"),
    name: [named, body, "file"].find((name) => name !== "") ?? "file",
    declaredType: textIn(info, "mimetype"),
    bytes: numberIn(info, "size"),
  };
  return { ...common, typed: caption, shown: "", file };
}

/** The lines `> …` that stand before an answer, and the empty one behind them. */
export function withoutQuotation(body: string): string {
  if (!/^> (?:\* )?</.test(body)) return body;
  const lines = body.split("\n");
  const first = lines.findIndex((line) => !line.startsWith("> ") && line !== ">");
  if (first < 0) return "";
  return lines.slice(lines[first] === "" ? first + 1 : first).join("\n");
}

function eventIn(value: Wild, key: string): string {
  const id = textIn(value, key);
  return isEventId(id) ? id : "";
}
