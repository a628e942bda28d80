/**
 * Which events of a platform's chat were seen before, by what the log holds. The key is (instance, conversation, event
 * id), over all sessions that the chat has had, so that an event replayed after `/new` runs nothing either.
 */
import type { InstanceId } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import { textField } from "#session/fields.ts";
import type { Identity } from "#session/identity.ts";

/** Chats whose event ids are kept in memory; others are read back from the log. */
const CHATS_KEPT = 256;

export class SeenEvents {
  readonly #journal: Journal;
  readonly #identity: Identity;
  readonly #chats = new Map<string, Set<string>>();

  constructor(journal: Journal, identity: Identity) {
    this.#journal = journal;
    this.#identity = identity;
  }

  /** True when the event stands in the log. */
  has(instance: InstanceId, conversation: string, eventId: string): boolean {
    return this.#chat(instance, conversation).has(eventId);
  }

  /** Notes an event whose row is durable. */
  add(instance: InstanceId, conversation: string, eventId: string): void {
    this.#chat(instance, conversation).add(eventId);
  }

  #chat(instance: InstanceId, conversation: string): Set<string> {
    const key = JSON.stringify([instance, conversation]);
    const known = this.#chats.get(key) ?? this.#read(instance, conversation);
    this.#chats.delete(key);
    this.#chats.set(key, known); // newest last
    const [oldest] = this.#chats.keys();
    if (this.#chats.size > CHATS_KEPT && oldest !== undefined) this.#chats.delete(oldest);
    return known;
  }

  #read(instance: InstanceId, conversation: string): Set<string> {
    const seen = new Set<string>();
    for (const session of this.#identity.sessionsOf(instance, conversation)) {
      for (const row of this.#journal.readSession(session)) {
        if (row.kind === "inbound") seen.add(textField(row.content, "event_id"));
      }
    }
    return seen;
  }
}
