/**
 * The one way out to a conversation: through the handle that is being answered (docs/ARCHITECTURE.md, step 13).
 * The outbound row is durable before the frame leaves; what became of it is a delivery row. A message whose sending
 * began and whose end nobody knows is not sent again, and the person is told.
 */
import type { Channel } from "#contracts/channel.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { newOutboundId, type OutboundId, parseOutboundId, type SessionId } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import type { Delivery, Outbound } from "#contracts/message.ts";
import { ok, type Result } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { textField } from "#session/fields.ts";
import { SessionHandle } from "#session/handle.ts";
import { openDeliveries } from "#session/history.ts";
import type { AdapterLink, AdapterLinks } from "./adapter-links.ts";

/** An adapter that comes back says in this time what became of what it had begun to send. */
const REPORT_MS_MAX = 30_000;
const LOST_NOTICE =
  "The connection broke while an answer was being sent. It may or may not have arrived; it was not sent again.";

export interface Reply {
  readonly text: string;
  readonly purpose: Outbound["purpose"];
  /** The platform's id of the message that is answered, or empty. */
  readonly replyTo: string;
}

interface OpenOutbound {
  readonly handle: SessionHandle<Channel>;
  readonly outbound: Outbound;
  /** The adapter said that it began. */
  began: boolean;
}

export interface EgressPorts {
  readonly journal: Journal;
  readonly links: AdapterLinks;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of what went wrong beside any turn, e.g. a delivery row that could not be written. */
  readonly onError: (error: unknown) => void;
}

export class Egress {
  readonly #ports: EgressPorts;
  readonly #open = new Map<OutboundId, OpenOutbound>();

  constructor(ports: EgressPorts) {
    this.#ports = ports;
    ports.links.onAttach((link) => this.#resume(link));
  }

  /**
   * Answers in the handle's conversation. Resolves once the row is durable and the frame is on the wire, or waits for
   * its adapter. Rejects when the log cannot be written: then nothing was sent.
   */
  async reply<C extends Channel>(handle: SessionHandle<C>, reply: Reply): Promise<Result<OutboundId, Fault>> {
    if (!SessionHandle.is(handle, handle.channel)) return fail("internal", "an answer without a handle");
    const { place } = handle;
    const outbound: Outbound = {
      outboundId: newOutboundId((count) => this.#ports.random.bytes(count)),
      conversation: place.platformConversation,
      thread: place.thread,
      replyTo: reply.replyTo,
      markdown: reply.text.toWellFormed(),
      purpose: reply.purpose,
    };
    await this.#ports.journal.append([
      {
        session: handle.session,
        kind: "outbound",
        trust: "system",
        payload: { outbound: outbound.outboundId, purpose: reply.purpose, instance: place.instance },
        content: { text: outbound.markdown, reply_to: reply.replyTo },
      },
    ]);
    // The terminal has no adapter: it reads the answer from its own stream of events.
    if (handle.channel === "cli" || handle.channel === "console") return ok(outbound.outboundId);
    this.#open.set(outbound.outboundId, { handle: handle.anyChannel, outbound, began: false });
    this.#send(outbound, handle);
    return ok(outbound.outboundId);
  }

  /** Says, over the connection alone, that the log cannot be written: the only words that leave without a row. */
  unrecorded<C extends Channel>(handle: SessionHandle<C>, text: string, replyTo: string): void {
    const { platformConversation: conversation, thread } = handle.place;
    const base = { outboundId: this.noticeId(), conversation, thread, replyTo };
    this.#send({ ...base, markdown: text, purpose: "notice" }, handle);
  }

  /** An id for a notice that belongs to no session (the fixed answer to a stranger). */
  noticeId(): OutboundId {
    return newOutboundId((count) => this.#ports.random.bytes(count));
  }

  /** Shows in the handle's conversation that work is going on, where the platform can show it. */
  activity<C extends Channel>(handle: SessionHandle<C>, working: boolean): void {
    const { instance, platformConversation, thread } = handle.place;
    const link = this.#ports.links.of(instance);
    if (link?.channel.channel !== handle.channel) return;
    link.send({ kind: "activity", conversation: platformConversation, thread, working });
  }

  /** What an adapter says of a message. One of another instance is refused: `not_found`. */
  async delivered(link: AdapterLink, delivery: Delivery): Promise<Result<void, Fault>> {
    const id = parseOutboundId(delivery.outboundId);
    const open = id.ok ? this.#open.get(id.value) : undefined;
    if (!id.ok || open === undefined || open.handle.place.instance !== link.instance) {
      return fail("not_found", "there is no such outbound message on this connection");
    }
    if (delivery.state === "sending") {
      if (open.began) return ok(undefined);
      open.began = true;
    } else {
      this.#open.delete(id.value);
    }
    await this.#write(open.handle.session, delivery, id.value);
    if (delivery.state === "unknown") await this.#tell(open);
    return ok(undefined);
  }

  /** Takes up what an earlier run left: begun messages were closed by the healing, the others are sent again. */
  restore<C extends Channel>(handle: SessionHandle<C>): void {
    const rows = this.#ports.journal.readSession(handle.session);
    for (const [text, { row, began }] of openDeliveries(rows)) {
      const id = parseOutboundId(text);
      if (!id.ok || began || handle.channel === "cli" || handle.channel === "console") continue;
      const purpose = textField(row.payload, "purpose") === "notice" ? "notice" : "answer";
      const outbound: Outbound = {
        outboundId: id.value,
        conversation: handle.place.platformConversation,
        thread: handle.place.thread,
        replyTo: textField(row.content, "reply_to"),
        markdown: textField(row.content, "text"),
        purpose,
      };
      if (outbound.markdown !== "")
        this.#open.set(id.value, { handle: handle.anyChannel, outbound, began: false });
    }
  }

  /** Tells the person of an answer that an earlier run had begun to send and whose end nobody saw. */
  async tellLost<C extends Channel>(handle: SessionHandle<C>): Promise<void> {
    await this.reply(handle, { text: LOST_NOTICE, purpose: "notice", replyTo: "" });
  }

  #send<C extends Channel>(outbound: Outbound, handle: SessionHandle<C>): void {
    const link = this.#ports.links.of(handle.place.instance);
    // A link of another channel under the same instance cannot be: the registry names one kind for each.
    if (link?.channel.channel === handle.channel) link.send({ kind: "outbound", outbound });
  }

  /** An adapter came back: what never began is sent again, what began must be explained. */
  #resume(link: AdapterLink): void {
    const mine = [...this.#open].filter(([, open]) => open.handle.place.instance === link.instance);
    for (const [, open] of mine) if (!open.began) this.#send(open.outbound, open.handle);
    const begun = mine.filter(([, open]) => open.began);
    if (begun.length === 0) return;
    this.#ports.clock.after(REPORT_MS_MAX, () => {
      for (const [id, open] of begun) if (this.#open.get(id) === open) this.#giveUp(id, link);
    });
  }

  #giveUp(id: OutboundId, link: AdapterLink): void {
    const lost: Delivery = { outboundId: id, state: "unknown", messageIds: [], code: "network" };
    this.delivered(link, lost).catch(this.#ports.onError);
  }

  async #write(session: SessionId, delivery: Delivery, outbound: OutboundId): Promise<void> {
    const { state, code, messageIds } = delivery;
    const row = { session, kind: "delivery", trust: "external", payload: { outbound, state, code } } as const;
    const content = { message_ids: [...messageIds] };
    await this.#ports.journal.append([messageIds.length === 0 ? row : { ...row, content }]);
  }

  /** A lost notice is not explained by another notice: that could go on for ever. */
  async #tell(open: OpenOutbound): Promise<void> {
    if (open.outbound.purpose === "answer") await this.tellLost(open.handle);
  }
}
