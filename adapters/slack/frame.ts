/**
 * What Slack says over a Socket Mode connection (https://docs.slack.dev/apis/events-api/using-socket-mode).
 */
import { type JsonObject, isJsonObject, textMember } from "#contracts/json.ts";

export type Frame =
  | { readonly kind: "hello" }
  /** The connection ends soon. `off`: Socket Mode was switched off for the app. */
  | { readonly kind: "disconnect"; readonly off: boolean }
  | { readonly kind: "envelope"; readonly envelope: Envelope }
  | { readonly kind: "unknown" };

export interface Envelope {
  /** To be acknowledged within three seconds; Slack sends what was not again, under another id. */
  readonly id: string;
  readonly type: "events_api" | "interactive" | "slash_commands";
  readonly payload: JsonObject;
}

const TYPES = ["events_api", "interactive", "slash_commands"] as const;
const UNKNOWN: Frame = { kind: "unknown" };

/** Reads a text frame. Never throws. */
export function readFrame(text: string): Frame {
  const value = parse(text);
  if (!isJsonObject(value)) return UNKNOWN;
  const word = textMember(value, "type");
  if (word === "hello") return { kind: "hello" };
  if (word === "disconnect")
    return { kind: "disconnect", off: textMember(value, "reason") === "link_disabled" };
  const type = TYPES.find((known) => known === word);
  const id = textMember(value, "envelope_id");
  const payload = value["payload"];
  if (type === undefined || id === "" || !isJsonObject(payload)) return UNKNOWN;
  return { kind: "envelope", envelope: { id, type, payload } };
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
