/**
 * Who may drive an agent: deny by default (docs/ARCHITECTURE.md, step 4). The web chat's sender is the
 * owner, since
 * the gateway itself verified the page's signature. Everyone else is a stranger until paired, and gets one
 * fixed answer,
 * seldom. In a group only what is addressed to the bot is heard.
 */
import type { Channel } from "#contracts/channel.ts";
import { GATEWAY_LANE, type InstanceId, type PersonId } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import type { Inbound } from "#contracts/message.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Identity } from "#session/identity.ts";
import type { Approvers } from "./approvers.ts";
import type { CountedRows } from "./counted-rows.ts";
import { Pairing } from "./pairing.ts";
import { OWNER_PLATFORM_ID, type People } from "./people.ts";

/** One answer to a stranger in this time. */
const ANSWER_AGAIN_MS = 60 * 60_000;
/** Answers to all strangers of an instance in a minute; over it they hear nothing. */
const ANSWERS_PER_MINUTE = 10;
/** Strangers that are remembered, so that a flood of senders costs bounded memory. */
const STRANGERS_KEPT = 10_000;

export const STRANGER_ANSWER =
  "This assistant does not know you. If it is yours, run `wirken channel pair` on its computer and send the code here.";
export const PAIRED_ANSWER = "Paired. You can talk to your assistant now. Send /help for what it can do.";
const UP_TO_3 = " You may answer here what asks every time, too.";

export type Admission =
  | { readonly kind: "admitted"; readonly person: PersonId }
  /** Was just paired; `answer` is said in the conversation. */
  | { readonly kind: "paired"; readonly person: PersonId; readonly answer: string }
  /** `answer` is empty when this stranger was answered before. */
  | { readonly kind: "refused"; readonly answer: string }
  /** Not addressed to the bot: nothing is kept. */
  | { readonly kind: "ignored" };

export interface AdmissionPorts {
  readonly identity: Identity;
  readonly people: People;
  readonly approvers: Approvers;
  readonly pairing: Pairing;
  readonly journal: Journal;
  /** Rows of what strangers can do without end. */
  readonly counted: CountedRows;
  readonly clock: Clock;
  /** Group conversations of an instance that need no mention, by platform id. */
  readonly openGroups: (instance: InstanceId) => readonly string[];
}

export class AdmissionDesk {
  readonly #ports: AdmissionPorts;
  readonly #answered = new Map<string, number>();
  #minute = { startedMs: 0, count: 0 };

  constructor(ports: AdmissionPorts) {
    this.#ports = ports;
  }

  /** Decides about the sender of an event whose channel was proven. Rejects when the log cannot be written. */
  async admit(channel: Channel, instance: InstanceId, inbound: Inbound, words: string): Promise<Admission> {
    const { people, identity } = this.#ports;
    if (channel === "webchat") {
      const isOwner = inbound.senderId === OWNER_PLATFORM_ID;
      return isOwner ? { kind: "admitted", person: people.owner } : { kind: "ignored" };
    }
    const known = identity.knownPerson(instance, inbound.senderId);
    if (known !== undefined && people.isAdmitted(known)) {
      const upTo = inbound.isGroup ? undefined : this.#raise(instance, inbound);
      if (upTo !== undefined) return this.#pair(channel, instance, inbound, upTo);
      return this.#isHeard(instance, inbound) ? { kind: "admitted", person: known } : { kind: "ignored" };
    }
    if (inbound.kind === "button") return this.#refusePress(instance, inbound);
    if (inbound.isGroup) return { kind: "ignored" }; // a stranger in a group: no answer that others must read
    const code = Pairing.codeIn(words === "" ? inbound.value : words);
    // Without an open code nothing can be guessed: a word of eight letters is no attempt, and no row.
    if (code === undefined || !this.#ports.pairing.isOpen(instance)) {
      return this.#refuse(instance, inbound.senderId);
    }
    const outcome = this.#ports.pairing.redeem(instance, code, inbound.senderId);
    return outcome.ok
      ? this.#pair(channel, instance, inbound, outcome.upTo)
      : this.#refuseCode(instance, inbound);
  }

  /** The tier of a code that someone who is known already sends as a command: the operator's new choice for them. */
  #raise(instance: InstanceId, inbound: Inbound): 2 | 3 | undefined {
    const { pairing } = this.#ports;
    const code = inbound.value.startsWith("/") ? Pairing.codeIn(inbound.value) : undefined;
    if (code === undefined || !pairing.isOpen(instance)) return undefined;
    const outcome = pairing.redeem(instance, code, inbound.senderId);
    return outcome.ok ? outcome.upTo : undefined;
  }

  #isHeard(instance: InstanceId, inbound: Inbound): boolean {
    if (!inbound.isGroup || inbound.mentioned || inbound.kind === "button" || inbound.kind === "command")
      return true;
    return this.#ports.openGroups(instance).includes(inbound.conversation);
  }

  async #pair(channel: Channel, instance: InstanceId, inbound: Inbound, upTo: 2 | 3): Promise<Admission> {
    const { identity, people, approvers, journal } = this.#ports;
    const person = await identity.person(instance, inbound.senderId, inbound.displayName);
    const payload = { change: "used", instance, person, up_to: upTo };
    const [row] = await journal.append([
      { session: GATEWAY_LANE, kind: "pairing", trust: "system", payload },
    ]);
    if (row !== undefined) people.takePairing(row);
    await approvers.add({ person, surface: channel, upTo }, "pairing");
    return { kind: "paired", person, answer: upTo === 3 ? PAIRED_ANSWER + UP_TO_3 : PAIRED_ANSWER };
  }

  async #refuseCode(instance: InstanceId, inbound: Inbound): Promise<Admission> {
    const payload = { change: "refused", instance };
    await this.#ports.journal.append([
      { session: GATEWAY_LANE, kind: "pairing", trust: "external", payload },
    ]);
    return this.#refuse(instance, inbound.senderId);
  }

  async #refuse(instance: InstanceId, senderId: string): Promise<Admission> {
    if (!this.#mayAnswer(instance, senderId)) return { kind: "refused", answer: "" };
    await this.#ports.journal.append([
      {
        session: GATEWAY_LANE,
        kind: "admission_refused",
        trust: "external",
        payload: { instance },
        content: { sender: senderId },
      },
    ]);
    return { kind: "refused", answer: STRANGER_ANSWER };
  }

  /** A stranger pressed a button under our message: nothing is consumed, and the attempt is a row. */
  async #refusePress(instance: InstanceId, inbound: Inbound): Promise<Admission> {
    const row = { session: GATEWAY_LANE, kind: "approval_refused", trust: "external" } as const;
    const payload = { reason: "stranger", instance };
    const content = { sender: inbound.senderId, value: inbound.value };
    await this.#ports.counted.note(`press ${instance}`, (count) =>
      count === undefined ? { ...row, payload, content } : { ...row, payload: { ...payload, count } },
    );
    return { kind: "refused", answer: "" };
  }

  #mayAnswer(instance: InstanceId, senderId: string): boolean {
    const now = this.#ports.clock.now();
    const key = JSON.stringify([instance, senderId]);
    const last = this.#answered.get(key);
    if (last !== undefined && now - last < ANSWER_AGAIN_MS) return false;
    if (now - this.#minute.startedMs >= 60_000) this.#minute = { startedMs: now, count: 0 };
    this.#minute.count += 1;
    if (this.#minute.count > ANSWERS_PER_MINUTE) return false;
    this.#answered.delete(key);
    this.#answered.set(key, now);
    const [oldest] = this.#answered.keys();
    if (this.#answered.size > STRANGERS_KEPT && oldest !== undefined) this.#answered.delete(oldest);
    return true;
  }
}
