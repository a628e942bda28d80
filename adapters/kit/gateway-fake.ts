/** A gateway for tests: acknowledges what it records, drops what it has, and keeps what it was told. */
import { fail } from "#contracts/fault.ts";
import type { Payload } from "#contracts/frame.ts";
import type { Delivery, Inbound } from "#contracts/message.ts";
import type { GatewayLink } from "./link.ts";

export interface FakeGateway {
  /** Recorded once each, in order: the durable log. */
  readonly inbound: Inbound[];
  /** Events that came again and were dropped. */
  readonly duplicates: Inbound[];
  readonly deliveries: Delivery[];
  readonly states: { state: string; detail: string }[];
  /** Acknowledges nothing while set. */
  deaf: boolean;
  /** A connection of one process life; `frozen` cuts it off both ways, as death does. */
  connect(frozen?: () => boolean): { link: GatewayLink; tell: (payload: Payload) => void; end: () => void };
}

/** Builds a gateway whose log outlives its connections. */
export function fakeGateway(): FakeGateway {
  const seen = new Set<string>();
  const gateway: FakeGateway = {
    inbound: [],
    duplicates: [],
    deliveries: [],
    states: [],
    deaf: false,
    connect: (frozen = () => false) => {
      let read: (payload: Payload) => void = () => undefined;
      const { promise: closed, resolve: end } = Promise.withResolvers<void>();
      const tell = (payload: Payload): void => {
        if (!frozen()) read(payload);
      };
      const link: GatewayLink = {
        send: (payload) => {
          if (!frozen()) hear(gateway, seen, payload, tell);
          return "sent";
        },
        onPayload: (reader) => {
          read = reader;
        },
        call: () => Promise.resolve(fail("unsupported", "the fake gateway answers no question")),
        closed,
        close: end,
      };
      return { link, tell, end };
    },
  };
  return gateway;
}

function hear(
  gateway: FakeGateway,
  seen: Set<string>,
  payload: Payload,
  tell: (payload: Payload) => void,
): void {
  if (payload.kind === "delivery") gateway.deliveries.push(payload.delivery);
  if (payload.kind === "adapterState") gateway.states.push({ state: payload.state, detail: payload.detail });
  if (payload.kind !== "inbound") return;
  const { inbound } = payload;
  const key = `${inbound.conversation}\u0000${inbound.eventId}`;
  const status = seen.has(key) ? "duplicate" : "recorded";
  seen.add(key);
  (status === "duplicate" ? gateway.duplicates : gateway.inbound).push(inbound);
  if (gateway.deaf) return;
  const { eventId, conversation } = inbound;
  queueMicrotask(() => tell({ kind: "inboundAck", ack: { eventId, conversation, status } }));
}
