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

/** What the model reads. */
export function wordsForModel(inbound: Inbound): string {
  return inbound.parts.map(partForModel).join("\n\n").toWellFormed();
}

/** True when the event carries text that its sender did not type. */
export function carriesForeignText(inbound: Inbound): boolean {
  return inbound.parts.some((part) => part.kind !== "text");
}

function partForModel(part: Part): string {
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
      return `[attached file: ${visibleLine(part.name)}, ${visibleLine(part.mediaType)}, ${part.bytes} bytes]`;
    default:
      return unreachable(part);
  }
}

/** Every line begins with `> `, so that the text cannot end its own quotation. */
function indented(text: string): string {
  return text
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    .map((line) => `> ${line}`)
    .join("\n");
}
