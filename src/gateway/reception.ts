/** Accepted events on their way: commands and approvals at once, words into the conversation's queue. */
import type { ApprovalAnswer, Stop } from "#contracts/approval.ts";
import type { Channel } from "#contracts/channel.ts";
import type { Fault } from "#contracts/fault.ts";
import type { AgentId, InstanceId, PersonId, SessionId } from "#contracts/ids.ts";
import type { Inbound } from "#contracts/message.ts";
import { ok, type Result, unreachable } from "#contracts/result.ts";
import type { SessionHandle } from "#session/handle.ts";
import type { Identity } from "#session/identity.ts";
import type { AgainBy, Recalled } from "./again.ts";
import type { Approvals } from "./approvals.ts";
import { type Command, commandOf, HELP } from "./commands.ts";
import type { Egress } from "./egress.ts";
import type { EventHub } from "./events.ts";
import type { Taken } from "./inbox.ts";
import type { Accepted, Reception } from "./ingress.ts";
import type { TurnQueue } from "./queue.ts";
import type { Turns } from "./turns.ts";
import { carriesForeignText, ownWords, wordsForModel } from "./words.ts";

export interface ReceptionPorts {
  readonly identity: Identity;
  readonly approvals: Approvals;
  readonly egress: Egress;
  readonly hub: EventHub;
  readonly queue: TurnQueue<SessionId, PersonId>;
  readonly turns: Turns;
  /** Takes a message's files into the agent's workspace. */
  readonly takeFiles: (
    from: { readonly agent: AgentId; readonly instance: InstanceId },
    inbound: Inbound,
  ) => Taken;
  /** Asked again when words leave the queue: a pairing may have been taken back while they waited. */
  readonly isAdmitted: (person: PersonId) => boolean;
  /** The words of a turn that nobody answered, for `/again`. */
  readonly recall: (session: SessionId, by: AgainBy) => Result<Recalled, Fault>;
  /** One line about what runs, for `/status`. */
  readonly statusLine: () => string;
}

const OVERFULL =
  "Too many messages are waiting. From here on they are kept in the record and not answered, until there is room again.";

export class ReceptionDesk implements Reception {
  readonly #ports: ReceptionPorts;
  /** Conversations whose person was told that too many messages wait; told again once none waits. */
  readonly #overfull = new Set<SessionId>();

  constructor(ports: ReceptionPorts) {
    this.#ports = ports;
  }

  async receive<C extends Channel>(accepted: Accepted<C>): Promise<void> {
    const { inbound } = accepted;
    const command = commandOf(inbound, ownWords(inbound));
    if (command !== undefined) {
      await this.#obey(accepted, command);
      return;
    }
    await this.enqueue(accepted);
  }

  /** Runs the last turn's words once more, where nobody answered what it asked for; it asks anew. */
  async again(session: SessionId, by: AgainBy): Promise<Result<void, Fault>> {
    const recalled = this.#ports.recall(session, by);
    if (!recalled.ok) return recalled;
    await this.enqueue(recalled.value);
    return ok(undefined);
  }

  /** Puts words into their conversation's queue. */
  async enqueue<C extends Channel>(accepted: Accepted<C> & Partial<Pick<Recalled, "again">>): Promise<void> {
    const { handle, person, inbound, seq, again } = accepted;
    const { queue, hub, turns, isAdmitted, recall } = this.#ports;
    // Reactions are recorded and drive nothing; an edit does not rewrite a turn that has been run.
    if (inbound.kind !== "message" || wordsForModel(inbound).trim() === "") return;
    if (commandOf(inbound, ownWords(inbound)) !== undefined) return;
    const text = wordsForModel(inbound, this.#ports.takeFiles(handle.place, inbound));
    const request = {
      handle,
      asker: person,
      text,
      words: ownWords(inbound),
      carriesForeign: carriesForeignText(inbound),
      inboundSeq: seq,
      again,
      replyTo: inbound.messageId,
      operator: false,
      interactive: true,
    };
    const waiting = queue.push(handle.session, person, async (signal) => {
      if (!isAdmitted(person)) return; // their pairing was taken back while the words waited
      if (again !== undefined && !recall(handle.session, again).ok) return; // asked again twice, or answered since
      await turns.run(request, signal);
    });
    if (waiting === "full") {
      if (this.#overfull.has(handle.session)) return;
      this.#overfull.add(handle.session);
      await this.#say(handle, OVERFULL);
      return;
    }
    if (waiting === 0) this.#overfull.delete(handle.session);
    const conversation = handle.place.platformConversation;
    if (typeof waiting === "number" && waiting > 0)
      hub.publish(handle.place, { type: "queued", conversation, waiting });
  }

  async #obey<C extends Channel>(accepted: Accepted<C>, command: Command): Promise<void> {
    const { handle, inbound } = accepted;
    switch (command.name) {
      case "stop":
        // The turn says itself that it was stopped.
        if (!this.#ports.queue.stop(handle.session, stopBy(accepted)))
          await this.#say(handle, "Nothing is running.");
        return;
      case "new":
        await this.#begin(accepted);
        return;
      case "status":
        await this.#say(handle, this.#ports.statusLine());
        return;
      case "help":
        await this.#say(handle, HELP);
        return;
      case "pair":
        await this.#say(handle, "You are paired already.");
        return;
      case "again": {
        const by = { person: accepted.person, surface: handle.channel };
        const asked = await this.again(handle.session, by);
        if (!asked.ok) await this.#say(handle, sentence(asked.error.message));
        return;
      }
      case "approve":
        await this.#answer(accepted, command.approvalId, { verdict: "approve", remember: command.remember });
        return;
      case "deny":
        await this.#answer(accepted, command.approvalId, { verdict: "deny", why: command.why });
        return;
      case "unknown":
        if (inbound.kind !== "button") await this.#say(handle, `I do not know this command.\n${HELP}`);
        return;
      default:
        unreachable(command);
    }
  }

  /** What an approver is told when it is not their answer that counts; a taken answer shows itself on the card. */
  async #answer<C extends Channel>(accepted: Accepted<C>, id: string, answer: ApprovalAnswer): Promise<void> {
    const { handle, person } = accepted;
    const by = { person, surface: handle.channel, instance: handle.place.instance };
    const answered = await this.#ports.approvals.answer(id, by, answer);
    if (!answered.ok) await this.#say(handle, `Not taken: ${answered.error.message}.`);
  }

  async #begin<C extends Channel>(accepted: Accepted<C>): Promise<void> {
    const { handle, inbound } = accepted;
    const { agent, instance, platformConversation, thread } = handle.place;
    this.#ports.queue.end(handle.session, stopBy(accepted));
    await this.#ports.identity.begin({
      agent,
      instance,
      platformConversation,
      thread,
      isGroup: inbound.isGroup,
    });
    await this.#say(handle, "A new conversation begins here.");
  }

  async #say<C extends Channel>(handle: SessionHandle<C>, text: string): Promise<void> {
    await this.#ports.egress.reply(handle, { text, purpose: "notice", replyTo: "" });
  }
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}

function stopBy<C extends Channel>({ handle, person }: Accepted<C>): Stop {
  return { by: "person", person, surface: handle.channel };
}
