/**
 * Text from outside made safe to look at, and cut to a size without breaking a character (docs: policy,
 * pages). A person who approves must see what is there: an override that turns a file name round, a
 * zero-width space inside a host, a carriage return that hides the start of a line.
 */

/**
 * What has no shape of its own or changes the shape of its neighbours: controls, formats, separators,
 * fillers.
 */
const HIDDEN = new RegExp(
  "[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Zl}\\p{Zp}" +
    // spaces that are not the plain one, and letters that are drawn as nothing
    "\\u00a0\\u2000-\\u200a\\u202f\\u205f\\u3000\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u2800\\u3164\\uffa0" +
    // variation selectors
    "\\u180b-\\u180f\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}]",
  "gu",
);

/**
 * `text` with every hidden character but newline and tab shown as ⟦U+202E⟧. A CR before a newline is shown
 * as well.
 */
export function visible(text: string): string {
  return text.replace(HIDDEN, (found) => (found === "\n" || found === "\t" ? found : named(found)));
}

/** `text` on one line: newline and tab are shown by their numbers too. */
export function visibleLine(text: string): string {
  return text.replace(HIDDEN, named);
}

/** Number of UTF-8 bytes of `text`. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

/** The longest prefix of whole characters that fits into `maxBytes` of UTF-8. */
export function utf8Head(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.byteLength <= maxBytes) return text;
  let end = Math.max(0, maxBytes);
  while (end > 0 && isContinuation(bytes[end])) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}

/** The longest suffix of whole characters that fits into `maxBytes` of UTF-8. */
export function utf8Tail(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.byteLength <= maxBytes) return text;
  let start = Math.min(bytes.byteLength, bytes.byteLength - Math.max(0, maxBytes));
  while (start < bytes.byteLength && isContinuation(bytes[start])) start++;
  return new TextDecoder().decode(bytes.subarray(start));
}

/**
 * `text` if it fits, else its head and tail with a line between them that says how many bytes were left out.
 * @param maxBytes bound of the result in UTF-8 bytes; below the marker's own size the result is a bare prefix
 */
export function capMiddle(text: string, maxBytes: number): string {
  const total = utf8Length(text);
  if (total <= maxBytes) return text;
  const room = maxBytes - utf8Length(marker(total));
  if (room < 2) return utf8Head(text, maxBytes);
  const tail = utf8Tail(text, Math.floor(room / 3));
  const head = utf8Head(text, room - utf8Length(tail));
  return `${head}${marker(total - utf8Length(head) - utf8Length(tail))}${tail}`;
}

function marker(bytes: number): string {
  return `\n[${bytes} bytes left out]\n`;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function named(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `⟦U+${code.toString(16).toUpperCase().padStart(4, "0")}⟧`;
}
