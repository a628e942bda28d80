/**
 * Frames of adapters on their way in (docs/ARCHITECTURE.md, steps 3 to 7). The channel is the
 * connection's; a frame
 * that claims another is dropped and written down with both sides. The handler returns at once: what a frame
 * starts runs
 * beside the reader, in order for each chat.
 */
import type { Channel } from "#contracts/channel.ts";
import type { Payload } from "#contracts/frame.ts";
import { type AgentId, GATEWAY_LANE, type InstanceId, type PersonId } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { Inbound, InboundAck } from "#contracts/message.ts";
import { visibleLine } from "#contracts/visible.ts";
import type { AuthenticatedChannel, ChannelMismatch } from "#ipc/authenticated-channel.ts";
import { evidenceToJson, type InboundEvidence } from "#ipc/evidence.ts";
import { SessionHandle } from "#session/handle.ts";
import type { Identity } from "#session/identity.ts";
import type { AdapterLink, AdapterLinks } from "./adapter-links.ts";
import type { AdmissionDesk } from "./admission.ts";
import type { CountedRows } from "./counted-rows.ts";
import type { SeenEvents } from "./dedup.ts";
import type { Egress } from "./egress.ts";
import type { Inflow } from "./inflow.ts";
import { Serial } from "./serial.ts";
import { ownWords } from "./words.ts";

/** Longest part of a claimed name that a mismatch row keeps. */
const CLAIM_CHARS_MAX = 64;

/** An event that is durable and whose sender is admitted. */
export interface Accepted<C extends Channel> {
  readonly handle: SessionHandle<C>;
  readonly person: PersonId;
  readonly inbound: Inbound;
  /** Sequence number of its `inbound` row in the session. */
  readonly seq: number;
}

/** Takes accepted events: commands at once, words into the conversation's queue. Must not wait for a turn. */
export interface Reception {
  receive<C extends Channel>(accepted: Accepted<C>): Promise<void>;
}

/** The connection that a frame came over. */
export interface IngressPeer {
  readonly link: AdapterLink;
  /** The peer's public key, hex: part of the evidence. */
  readonly publicKey: string;
  /** Ends the connection of a peer that breaks the window. */
  readonly drop: (reason: "window") => void;
  /** Compares a claim with the connection and counts lies; the last one that is borne ends the connection. */
  requireMatch(
    channel: string,
    instance: string,
  ):
    | { readonly ok: true; readonly value: AuthenticatedChannel<Channel> }
    | { readonly ok: false; readonly error: ChannelMismatch };
}

export interface IngressPorts {
  readonly journal: Journal;
  readonly identity: Identity;
  readonly admission: AdmissionDesk;
  readonly seen: SeenEvents;
  readonly inflow: Inflow;
  /** Rows of what a connection can say without end. */
  readonly counted: CountedRows;
  readonly egress: Egress;
  readonly links: AdapterLinks;
  readonly reception: Reception;
  readonly agentOf: (instance: InstanceId) => AgentId;
  readonly stateChanged: () => void;
  readonly onError: (error: unknown) => void;
}

export class Ingress {
  readonly #ports: IngressPorts;
  readonly #chats = new Serial<string>(LIMITS.conversation_queue_max);
  /** Events without their ack, by connection. */
  readonly #open = new WeakMap<AdapterLink, number>();

  constructor(ports: IngressPorts) {
    this.#ports = ports;
  }

  /** Takes one payload of an adapter and returns at once. */
  take(peer: IngressPeer, payload: Payload, evidence: InboundEvidence): void {
    if (payload.kind === "inbound") this.#takeInbound(peer, payload.inbound, evidence);
    if (payload.kind === "delivery") {
      this.#run(`d ${peer.link.instance}`, async () => {
        await this.#ports.egress.delivered(peer.link, payload.delivery);
      });
    }
    if (payload.kind === "adapterState") this.#takeState(peer.link, payload.state, payload.detail);
  }

  /** Resolves when everything taken so far was handled. */
  idle(): Promise<void> {
    return this.#chats.idle();
  }

  #takeInbound(peer: IngressPeer, inbound: Inbound, evidence: InboundEvidence): void {
    const match = peer.requireMatch(inbound.channel, inbound.instance);
    if (!match.ok) {
      this.#run(`lies ${peer.link.instance}`, () => this.#writeMismatch(match.error));
      return;
    }
    const open = this.#open.get(peer.link) ?? 0;
    if (open >= LIMITS.inbound_open_max) {
      // It knows how many have no ack. What it sent is not acknowledged, so its platform offers it again.
      peer.drop("window");
      return;
    }
    this.#open.set(peer.link, open + 1);
    const key = JSON.stringify([peer.link.instance, inbound.conversation]);
    // A chat's queue holds more than the window, so an event always finds room in it.
    this.#run(key, async () => {
      try {
        await this.#accept(match.value, peer, inbound, evidence);
      } finally {
        this.#open.set(peer.link, (this.#open.get(peer.link) ?? 1) - 1);
      }
    });
  }

  #run(key: string, task: () => Promise<void>): boolean {
    const running = this.#chats.run(key, task);
    running?.catch(this.#ports.onError);
    return running !== undefined;
  }

  async #accept<C extends Channel>(
    channel: AuthenticatedChannel<C>,
    peer: IngressPeer,
    inbound: Inbound,
    evidence: InboundEvidence,
  ): Promise<void> {
    const { admission, seen, inflow, identity, reception, agentOf } = this.#ports;
    const { instance } = peer.link;
    const ack = (status: InboundAck["status"]): void => {
      const { eventId, conversation } = inbound;
      peer.link.send({ kind: "inboundAck", ack: { eventId, conversation, status } });
    };
    if (seen.has(instance, inbound.conversation, inbound.eventId)) {
      ack("duplicate");
      return;
    }
    const admitted = await admission.admit(channel.channel, instance, inbound, ownWords(inbound));
    if (admitted.kind === "ignored" || admitted.kind === "refused") {
      if (admitted.kind === "refused") this.#say(peer.link, inbound, admitted.answer);
      ack("refused");
      return;
    }
    const place = {
      agent: agentOf(instance),
      instance,
      platformConversation: inbound.conversation,
      thread: inbound.thread,
      isGroup: inbound.isGroup,
    };
    const isNew = identity.current(place) === undefined;
    const told = await inflow.refuses({ instance, person: admitted.person, inbound, isNew });
    if (told !== undefined) {
      this.#say(peer.link, inbound, told);
      ack("refused");
      return;
    }
    const { conversation, row } = await identity.write(place, (session) => ({
      session,
      kind: "inbound",
      trust: "user",
      payload: {
        peer_key: peer.publicKey,
        kind: inbound.kind,
        asker: admitted.person,
        group: inbound.isGroup,
      },
      content: { event_id: inbound.eventId, ...evidenceToJson(evidence) },
    }));
    const handle = SessionHandle.open(channel.channel, conversation);
    seen.add(instance, inbound.conversation, inbound.eventId);
    ack("recorded");
    if (admitted.kind === "paired") {
      await this.#ports.egress.reply(handle, {
        text: admitted.answer,
        purpose: "notice",
        replyTo: inbound.messageId,
      });
      return;
    }
    await reception.receive({ handle, person: admitted.person, inbound, seq: row.seq });
  }

  /** A fixed text that is in no session: back to the chat that the event came from, over its own connection. */
  #say(link: AdapterLink, inbound: Inbound, answer: string): void {
    if (answer === "") return;
    const outboundId = this.#ports.egress.noticeId();
    const { conversation, thread, messageId: replyTo } = inbound;
    link.send({
      kind: "outbound",
      outbound: { outboundId, conversation, thread, replyTo, markdown: answer, purpose: "notice" },
    });
  }

  async #writeMismatch(mismatch: ChannelMismatch): Promise<void> {
    const claim = (text: string): string => visibleLine(text.slice(0, CLAIM_CHARS_MAX).toWellFormed());
    await this.#ports.journal.append([
      {
        session: GATEWAY_LANE,
        kind: "channel_mismatch",
        trust: "external",
        payload: { actual_channel: mismatch.actual.channel, actual_instance: mismatch.actual.instance },
        content: {
          claimed_channel: claim(mismatch.claimed.channel),
          claimed_instance: claim(mismatch.claimed.instance),
        },
      },
    ]);
  }

  #takeState(link: AdapterLink, state: Parameters<AdapterLinks["report"]>[1]["state"], detail: string): void {
    const before = this.#ports.links.stateOf(link.instance).state;
    this.#ports.links.report(link.instance, { state, detail: visibleLine(detail) });
    this.#ports.stateChanged();
    if (before === state) return;
    this.#run(`s ${link.instance}`, async () => {
      const payload = { role: link.instance, state };
      const row = { session: GATEWAY_LANE, kind: "adapter_state", trust: "external" } as const;
      await this.#ports.counted.note(`state ${link.instance}`, (count) =>
        count === undefined
          ? { ...row, payload, ...(detail === "" ? {} : { content: { detail } }) }
          : { ...row, payload: { ...payload, count } },
      );
    });
  }
}
