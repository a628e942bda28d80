/**
 * Text that would call people up: a model's words, or a page it read, must not be able to notify a group.
 * A word joiner after the sign leaves the text as it looks and ends the platform's recognition.
 */
const JOINER = "\u2060";

/** `@name`, `@everyone`, `<@id>`, `<!here>`, `<#channel>` made inert; addresses (`ana@example.org`) stay. */
export function withoutPings(text: string): string {
  return text
    .replace(/(?<![\p{L}\p{N}_])[@＠](?!\u2060)/gu, (sign) => sign + JOINER)
    .replace(/<(?=[!@#])/g, `<${JOINER}`);
}
