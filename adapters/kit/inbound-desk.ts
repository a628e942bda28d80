/**
 * Hands events to the gateway and waits for its word. The claims `channel` and `instance` are filled in
 * here; the gateway compares them with what the handshake resolved. Texts are made well-formed and cut to
 * the contract's limits. A bounded number is on its way at a time (docs/formats/frames.md, "Window").
 */
import { LIMITS } from "#contracts/limits.ts";
import type { Inbound, InboundAck, Part } from "#contracts/message.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { InboundDraft } from "./adapter.ts";
import { utf8Head, utf8Length } from "#contracts/visible.ts";
import type { Clock } from "#runtime/clock.ts";
import { recentKeys } from "./dedup.ts";
import type { FailPoint } from "./fail-point.ts";
import type { GatewayLink } from "./link.ts";
import { slots } from "./slots.ts";

/** Events remembered as handed on, so that a platform's double delivery costs no frame. */
const RECENT_MAX = 2_048;
const FILE_NAME_BYTES_MAX = 255;

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
  ports: { readonly failPoint: FailPoint; readonly clock: Clock },
): InboundDesk {
  const { failPoint, clock } = ports;
  const open = slots(LIMITS.inbound_open_max);
  const recent = recentKeys(RECENT_MAX);
  const waiting = new Map<string, (status: InboundAck["status"]) => void>();
  const inFlight = new Map<string, Promise<Ack>>();
  const handOn = async (key: string, inbound: Inbound): Promise<Ack> => {
    await failPoint("inbound.received");
    // A gateway that is slow, or above its memory, is not sent more: whoever reads the platform waits here.
    await open.take();
    // Without its ack the event would be neither safe nor offered again before the adapter's next life: begin it.
    const cancel = clock.after(LIMITS.inbound_ack_ms_max, () => link.close());
    try {
      return await sendAndWait(key, inbound);
    } finally {
      cancel();
      open.free();
    }
  };
  const sendAndWait = async (key: string, inbound: Inbound): Promise<Ack> => {
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

/**
 * Cut to the contract's bounds, so that a frame never fails for its size. Typed text comes first and is kept
 * longest.
 */
function tidy(inbound: Inbound): Inbound {
  let room: number = LIMITS.inbound_text_bytes_max;
  const parts = inbound.parts.slice(0, LIMITS.parts_max).map((part): Part => {
    if (part.kind === "attachment") {
      return { ...part, name: clip(part.name, FILE_NAME_BYTES_MAX), mediaType: clip(part.mediaType, 127) };
    }
    const text = clip(part.text, room);
    room -= utf8Length(text);
    return { ...part, text };
  });
  return {
    ...inbound,
    displayName: clip(inbound.displayName, LIMITS.display_name_chars_max),
    value: clip(inbound.value, LIMITS.short_text_bytes_max),
    tsMs: Number.isSafeInteger(inbound.tsMs) ? inbound.tsMs : 0,
    parts,
  };
}

/** Whole characters in at most `bytes` of UTF-8; lone surrogates, which UTF-8 has not, are replaced. */
function clip(text: string, bytes: number): string {
  return utf8Head(text.toWellFormed(), bytes);
}
