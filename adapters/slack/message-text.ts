/**
 * Slack's text as what the person typed (https://docs.slack.dev/messaging/formatting-message-text): three
 * characters are escaped, and everything between `<` and `>` is Slack's own.
 */
const ENTITIES: { readonly [entity: string]: string } = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

/**
 * A text as it was typed: links as their addresses, people and channels by their names where Slack gives
 * them.
 */
export function typedText(text: string): string {
  return text.replace(/<([^<>]*)>|&(?:amp|lt|gt);/g, (whole: string, inner: string | undefined) =>
    inner === undefined ? (ENTITIES[whole] ?? whole) : unescaped(reference(inner)),
  );
}

/** True when the text mentions the user. */
export function mentions(text: string, userId: string): boolean {
  return text.includes(`<@${userId}>`) || text.includes(`<@${userId}|`);
}

/** The text without the user's mention at its beginning: that addresses the message and says nothing. */
export function withoutAddress(text: string, userId: string): string {
  const [, id = "", rest = ""] = /^\s*<@([A-Z0-9]+)(?:\|[^<>]*)?>[\s,:]*([^]*)$/.exec(text) ?? [];
  return id === userId ? rest : text;
}

function reference(inner: string): string {
  const border = inner.indexOf("|");
  const target = border < 0 ? inner : inner.slice(0, border);
  const label = border < 0 ? "" : inner.slice(border + 1);
  const name = label.replace(/^[@#]/, "");
  if (target.startsWith("@")) return `@${name === "" ? target.slice(1) : name}`;
  if (target.startsWith("#")) return `#${name === "" ? target.slice(1) : name}`;
  if (target.startsWith("!subteam^")) return `@${name === "" ? target.slice("!subteam^".length) : name}`;
  if (target.startsWith("!date^")) return label;
  if (target.startsWith("!")) return `@${target.slice(1)}`;
  const address = target.replace(/^mailto:/, "");
  // What Slack made a link of by itself carries the typed words as its label.
  if (label === "" || label === address || target.endsWith(`://${label}`))
    return label === "" ? address : label;
  return `${label} (${address})`;
}

/** Text without references: its three escaped characters. */
export function unescaped(text: string): string {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity] ?? entity);
}
