/**
 * Hands events to the gateway and waits for its word. The claims `channel` and `instance` are filled in here; the gateway
 * compares them with what the handshake resolved. Texts are made well-formed and cut to the contract's limits.
 */
import { LIMITS } from "#contracts/limits.ts";
import type { Inbound, InboundAck, Part } from "#contracts/message.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { InboundDraft } from "./adapter.ts";
import { recentKeys } from "./dedup.ts";
import type { FailPoint } from "./fail-point.ts";
import type { GatewayLink } from "./link.ts";

/** Events remembered as handed on, so that a platform's double delivery costs no frame. */
const RECENT_MAX = 2_048;
/** Longest text of one part in UTF-16 units: three UTF-8 bytes a unit at the most. */
const TEXT_UNITS_MAX = Math.floor(LIMITS.inbound_text_bytes_max / 3);

type Ack = Result<InboundAck["status"], "closed">;

export interface InboundDesk {
  /** Hands an event on; see `AdapterHost.inbound`. */
  handOn(event: InboundDraft): Promise<Ack>;
  /** The gateway's answer arrived. */
  acked(ack: InboundAck): void;
}

/** Builds the desk of one instance. */
export function inboundDesk(
  link: GatewayLink,
  claims: Pick<Inbound, "channel" | "instance">,
  failPoint: FailPoint,
): InboundDesk {
  const recent = recentKeys(RECENT_MAX);
  const waiting = new Map<string, (status: InboundAck["status"]) => void>();
  const inFlight = new Map<string, Promise<Ack>>();
  const handOn = async (key: string, inbound: Inbound): Promise<Ack> => {
    await failPoint("inbound.received");
    const acked = new Promise<InboundAck["status"]>((resolve) => waiting.set(key, resolve));
    const sent = link.send({ kind: "inbound", inbound });
    if (sent === "unfit") {
      waiting.delete(key); // it never fits: the platform must not send it again for ever
      return ok("refused");
    }
    await failPoint("inbound.sent");
    const status = await Promise.race([acked, link.closed]);
    waiting.delete(key);
    if (status === undefined) return err("closed");
    recent.add(key);
    await failPoint("inbound.acked");
    return ok(status);
  };
  return {
    handOn: (draft) => {
      const inbound = tidy({ ...draft, ...claims });
      const key = keyOf(inbound.conversation, inbound.eventId);
      if (recent.has(key)) return Promise.resolve(ok("duplicate"));
      const running = inFlight.get(key);
      if (running !== undefined) return running;
      const ack = handOn(key, inbound).finally(() => inFlight.delete(key));
      inFlight.set(key, ack);
      return ack;
    },
    acked: (ack) => waiting.get(keyOf(ack.conversation, ack.eventId))?.(ack.status),
  };
}

function keyOf(conversation: string, eventId: string): string {
  return `${conversation}\u0000${eventId}`;
}

function tidy(inbound: Inbound): Inbound {
  return {
    ...inbound,
    displayName: clip(inbound.displayName, LIMITS.display_name_chars_max),
    value: clip(inbound.value, TEXT_UNITS_MAX),
    parts: inbound.parts.slice(0, LIMITS.parts_max).map(tidyPart),
  };
}

function tidyPart(part: Part): Part {
  if (part.kind === "attachment")
    return { ...part, name: clip(part.name, 255), mediaType: clip(part.mediaType, 127) };
  return { ...part, text: clip(part.text, TEXT_UNITS_MAX) };
}

/** Cuts to `max` UTF-16 units, never inside a surrogate pair, and replaces lone surrogates: UTF-8 has none. */
function clip(text: string, max: number): string {
  if (text.length <= max) return text.toWellFormed();
  const last = text.charCodeAt(max - 1);
  const end = last >= 0xd800 && last <= 0xdbff ? max - 1 : max;
  return text.slice(0, end).toWellFormed();
}
