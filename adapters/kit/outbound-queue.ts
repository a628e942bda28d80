/**
 * Sends the gateway's messages: in order per chat, at the platform's pace, each piece once. A message is
 * written down before it is sent and forgotten only after its delivery was reported, so a crash at any step
 * leaves a message that is resumed (its next piece never began) or reported `unknown` (it began), never one
 * that is lost or repeated.
 */
import { LIMITS } from "#contracts/limits.ts";
import type { Delivery, DeliveryState, Outbound } from "#contracts/message.ts";
import { backoff } from "#runtime/backoff.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import type { Adapter, FailureCode, SendOutcome } from "./adapter.ts";
import type { FailPoint } from "./fail-point.ts";
import type { Lanes } from "./lanes.ts";
import type { OutboundJournal, OutboundRecord } from "./outbound-journal.ts";
import { pause } from "./pause.ts";

/**
 * Messages waiting in all chats together; beyond it a message fails at once instead of growing the process.
 */
const WAITING_MAX = 1_000;
/** Tries of one piece that certainly did not arrive. */
const TRIES_MAX = 8;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
/** Longest wait that a platform may ask for; beyond it the message fails and says why. */
const LATER_MS_MAX = 10 * 60_000;

export interface OutboundQueue {
  /** Takes up what an earlier life left: call once, before `accept`. */
  recover(): Promise<void>;
  /** Takes a message; returns at once. A message that is known already is reported again and not sent. */
  accept(outbound: Outbound): void;
}

export interface OutboundPorts {
  readonly adapter: Pick<Adapter, "render" | "send" | "settled">;
  readonly journal: OutboundJournal;
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly failPoint: FailPoint;
  readonly report: (delivery: Delivery) => void;
}

/** Builds the queue. */
export function outboundQueue(ports: OutboundPorts): OutboundQueue {
  const { journal, failPoint } = ports;
  const open = new Map<string, Delivery>();
  let order = journal.open.reduce((highest, record) => Math.max(highest, record.order), 0);
  let intake: Promise<void> = Promise.resolve();

  const finish = async (delivery: Delivery): Promise<void> => {
    await journal.end(delivery); // an unwritable note costs a repeated report after a crash, nothing else
    ports.report(delivery);
    await failPoint("outbound.reported");
    await journal.forget(delivery.outboundId);
    open.delete(delivery.outboundId);
  };
  const start = (record: OutboundRecord): void => {
    open.set(record.outbound.outboundId, deliveryOf(record, "sending"));
    ports.lanes.run(record.outbound.conversation, async () => {
      const end = await deliver(record, ports);
      if (end !== undefined) await finish(end);
    });
  };
  const take = async (outbound: Outbound): Promise<void> => {
    const known = journal.ended(outbound.outboundId) ?? open.get(outbound.outboundId);
    if (known !== undefined) {
      ports.report(known);
      return;
    }
    const record: OutboundRecord = { outbound, order: ++order, next: 0, sending: false, messageIds: [] };
    if (open.size >= WAITING_MAX) return finish(deliveryOf(record, "failed", "rate_limited"));
    await failPoint("outbound.received");
    const written = await journal.write(record);
    if (!written.ok) {
      ports.report(deliveryOf(record, "failed", "rejected")); // not durable, so it must not be sent
      return;
    }
    await failPoint("outbound.recorded");
    start(record);
  };
  return {
    recover: async () => {
      for (const outboundId of journal.damaged) {
        await finish({ outboundId, state: "unknown", messageIds: [], code: "" });
      }
      for (const record of journal.open) {
        const ended = journal.ended(record.outbound.outboundId);
        if (ended !== undefined) await finish(ended);
        else if (record.sending) await finish(deliveryOf(record, "unknown"));
        else start(record);
      }
    },
    accept: (outbound) => {
      intake = intake.then(() => take(outbound));
    },
  };
}

/**
 * Sends what is left of a message. `undefined` when the adapter stops first: its document tells the next
 * life.
 */
async function deliver(first: OutboundRecord, ports: OutboundPorts): Promise<Delivery | undefined> {
  const pieces = ports.adapter.render(first.outbound);
  let record = first;
  if (record.next === 0) ports.report(deliveryOf(record, "sending"));
  for (const [index, piece] of pieces.entries()) {
    if (index < record.next) continue;
    const { conversation, thread, replyTo } = record.outbound;
    const place = { conversation, thread, replyTo: index === 0 ? replyTo : "" };
    const key = `${record.outbound.outboundId}-${index}`;
    const outcome = await sendPiece(record, () => ports.adapter.send(piece, place, key), ports);
    if (outcome === "stopping") return undefined;
    if (outcome.kind === "unknown") return deliveryOf(record, "unknown");
    if (outcome.kind === "failed") return deliveryOf(record, "failed", outcome.code);
    record = {
      ...record,
      next: index + 1,
      sending: false,
      messageIds: [...record.messageIds, outcome.messageId],
    };
    await ports.journal.write(record); // if it cannot be written, a crash now reports `unknown`: safe
    await ports.failPoint("outbound.noted");
    const word = await ports.adapter.settled?.(outcome.messageId, place);
    if (word?.kind === "failed") return deliveryOf(record, "failed", word.code);
  }
  return deliveryOf(record, "delivered");
}

type PieceEnd = Extract<SendOutcome, { kind: "sent" | "unknown" | "failed" }> | "stopping";

/** Tries one piece until the platform took it, refused it, or nothing more can be known. */
async function sendPiece(
  record: OutboundRecord,
  send: () => Promise<SendOutcome>,
  ports: OutboundPorts,
): Promise<PieceEnd> {
  const waits = backoff(ports.random, RETRY_MS_MIN, RETRY_MS_MAX);
  let code: FailureCode = "network";
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    if (!(await ports.lanes.turn(record.outbound.conversation))) return "stopping";
    const marked = await ports.journal.write({ ...record, sending: true });
    if (!marked.ok) return { kind: "failed", code: "rejected" }; // not durable, so no byte may leave
    await ports.failPoint("outbound.sending");
    const outcome = await send();
    await ports.failPoint("outbound.sent");
    if (outcome.kind === "sent" || outcome.kind === "unknown" || outcome.kind === "failed") return outcome;
    await ports.journal.write({ ...record, sending: false });
    code = outcome.kind === "later" ? "rate_limited" : "network";
    const wait = outcome.kind === "later" ? outcome.afterMs : waits.next();
    if (wait > LATER_MS_MAX) break;
    if (!(await pause(ports.clock, wait, ports.signal))) return "stopping";
  }
  return { kind: "failed", code };
}

function deliveryOf(record: OutboundRecord, state: DeliveryState, code: FailureCode | "" = ""): Delivery {
  const messageIds = record.messageIds.slice(0, LIMITS.message_ids_max);
  return { outboundId: record.outbound.outboundId, state, messageIds, code };
}
