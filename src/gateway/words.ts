/**
 * An inbound event as text: what its sender typed (authority), and what they only passed on (data). What the
 * model reads
 * marks the second, so that a forwarded sentence is not read as the person's own.
 */
import type { Inbound, Part } from "#contracts/message.ts";
import { unreachable } from "#contracts/result.ts";
import { visibleLine } from "#contracts/visible.ts";

/** What the sender typed, and nothing else. */
export function ownWords(inbound: Inbound): string {
  return inbound.parts
    .flatMap((part) => (part.kind === "text" ? [part.text] : []))
    .join("\n")
    .toWellFormed();
}

/**
 * What the model reads.
 * @param taken where the message's files lie in the workspace, by handle
 */
export function wordsForModel(inbound: Inbound, taken: ReadonlyMap<string, string> = new Map()): string {
  return inbound.parts
    .map((part) => partForModel(part, taken))
    .join("\n\n")
    .toWellFormed();
}

/** True when the event carries text that its sender did not type. */
export function carriesForeignText(inbound: Inbound): boolean {
  return inbound.parts.some((part) => part.kind !== "text");
}

function partForModel(part: Part, taken: ReadonlyMap<string, string>): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "quoted":
      return `[quoted, not typed by the sender]\n${indented(part.text)}`;
    case "forwarded":
      return `[forwarded, not typed by the sender]\n${indented(part.text)}`;
    case "preview":
      return `[preview of a link, not typed by the sender]\n${indented(part.text)}`;
    case "attachment":
      return fileForModel(part, taken.get(part.handle));
    default:
      return unreachable(part);
  }
}

function fileForModel(part: Extract<Part, { kind: "attachment" }>, path: string | undefined): string {
  const facts = `${visibleLine(part.mediaType)}, ${part.bytes} bytes`;
  const where = path === undefined ? "it could not be taken and is not there" : `in the workspace at ${path}`;
  return `[attached file: ${visibleLine(part.name)}, ${facts}; ${where}]`;
}

/** Every line begins with `> `, so that the text cannot end its own quotation. */
function indented(text: string): string {
  return text
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    .map((line) => `> ${line}`)
    .join("\n");
}
