/**
 * The gateway session that a later life takes up again: Discord repeats every event after `seq`, so `seq` moves only
 * over events that our gateway has durably (https://discord.com/developers/docs/events/gateway#resuming).
 */
import { isJsonObject } from "#contracts/json.ts";
import { numberIn, objectOf, textIn } from "#kit/json-fields.ts";

export interface Session {
  readonly id: string;
  /** Where to resume. */
  readonly url: string;
  /** The last event that is safe. */
  readonly seq: number;
}

/** The session as the cursor keeps it. */
export function sessionText(session: Session): string {
  return JSON.stringify({ id: session.id, url: session.url, seq: session.seq });
}

/** The kept session; `undefined` for none, for one of another server, and for what another version wrote. */
export function parseSession(text: string, root: string): Session | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // the empty text of the very beginning
  }
  if (!isJsonObject(value)) return undefined;
  const fields = objectOf(value);
  const session = { id: textIn(fields, "id"), url: textIn(fields, "url"), seq: numberIn(fields, "seq") };
  return session.id !== "" &&
    gatewayUrl(session.url, root) !== undefined &&
    Number.isSafeInteger(session.seq) &&
    session.seq >= 0
    ? session
    : undefined;
}

/**
 * The address to connect to, when it is one that may have the token: Discord's gateway, or the very host and port that
 * the operator chose. `undefined` for any other: an answer could name a stranger's.
 * @param root the base URL of the HTTP interface
 */
export function gatewayUrl(text: string, root: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const base = new URL(root);
  if (url.username !== "" || url.password !== "") return undefined;
  const isDiscords =
    base.hostname === "discord.com" &&
    url.protocol === "wss:" &&
    url.port === "" &&
    (url.hostname === "discord.gg" || url.hostname.endsWith(".discord.gg"));
  const isOwn =
    base.hostname !== "discord.com" &&
    url.host === base.host &&
    url.protocol === (base.protocol === "https:" ? "wss:" : "ws:");
  if (!isDiscords && !isOwn) return undefined;
  url.search = "?v=10&encoding=json";
  url.hash = "";
  return url.href;
}
