/**
 * Persons and conversations under random ids (docs/formats/audit.md: nobody's name is hashed in the clear).
 * A platform's id becomes a random id once, in a `_log` row that is durable before the id is first used. The index here
 * is rebuilt from those rows at start and holds nothing that they do not.
 */
import type { NewRow, Row } from "#contracts/audit-event.ts";
import {
  type AgentId,
  type InstanceId,
  LOG_LANE,
  newConversationId,
  newPersonId,
  type PersonId,
  parseAgentId,
  parseConversationId,
  parseInstanceId,
  parsePersonId,
  type SessionId,
  sessionIdOf,
} from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import type { Random } from "#runtime/random.ts";
import { flagField, textField } from "./fields.ts";
import type { SessionPlace } from "./handle.ts";

/** A conversation as the index knows it. */
export interface KnownConversation extends SessionPlace {
  readonly isGroup: boolean;
  readonly seenMs: number;
}

export interface KnownPerson {
  readonly person: PersonId;
  readonly instance: InstanceId;
  /** The platform's immutable id. */
  readonly platformId: string;
  /** As the platform showed it at first sight; never used for a decision. */
  readonly name: string;
}

/** What names a conversation on its platform. */
export interface PlatformPlace {
  readonly agent: AgentId;
  readonly instance: InstanceId;
  readonly platformConversation: string;
  readonly thread: string;
  readonly isGroup: boolean;
}

/** A row in a chat's current conversation, durable. */
export interface Written {
  readonly conversation: KnownConversation;
  readonly row: Row;
}

export class Identity {
  readonly #journal: Journal;
  readonly #random: Random;
  readonly #persons = new Map<string, KnownPerson>();
  readonly #personsById = new Map<PersonId, KnownPerson>();
  readonly #current = new Map<string, KnownConversation>();
  readonly #bySession = new Map<SessionId, KnownConversation>();
  readonly #newPersons = new Map<string, Promise<PersonId>>();
  readonly #newConversations = new Map<string, Promise<KnownConversation>>();

  /**
   * Rebuilds the index from the `_log` rows of `journal` and follows what is committed from now on, so whoever
   * subscribes later and is told of a conversation's first row finds its place here.
   */
  constructor(journal: Journal, random: Random) {
    this.#journal = journal;
    this.#random = random;
    for (const row of journal.readSession(LOG_LANE)) this.#take(row);
    journal.subscribe((rows) => {
      for (const row of rows) this.#take(row);
    });
  }

  /** The person behind a platform's id, announced in a durable row when new. Rejects when the log cannot be written. */
  async person(instance: InstanceId, platformId: string, name: string): Promise<PersonId> {
    const key = keyOf(instance, platformId);
    const known = this.#persons.get(key);
    if (known !== undefined) return known.person;
    return once(this.#newPersons, key, async () => {
      const person = newPersonId((count) => this.#random.bytes(count));
      await this.#journal.append([
        {
          session: LOG_LANE,
          kind: "person_seen",
          trust: "system",
          payload: { person, instance },
          content: { platform_id: platformId, name },
        },
      ]);
      return person;
    });
  }

  /** The person behind a platform's id, if they were ever seen. */
  knownPerson(instance: InstanceId, platformId: string): PersonId | undefined {
    return this.#persons.get(keyOf(instance, platformId))?.person;
  }

  /** The current conversation of a platform's chat and thread, announced in a durable row when new. */
  async conversation(place: PlatformPlace): Promise<KnownConversation> {
    const known = this.current(place);
    return known ?? once(this.#newConversations, placeKey(place), () => this.begin(place));
  }

  /** Begins a new conversation in the same chat (`/new`): from now on it is the chat's current one. */
  async begin(place: PlatformPlace): Promise<KnownConversation> {
    const { conversation } = await this.#introduce(place, () => []);
    return conversation;
  }

  /**
   * Writes a row into a chat's current conversation. A new conversation is announced by the row before it, in the same
   * commit. Rejects when the log cannot be written; then neither row stands there.
   */
  async write(place: PlatformPlace, rowIn: (session: SessionId) => NewRow): Promise<Written> {
    const key = placeKey(place);
    const known = this.#current.get(key) ?? this.#newConversations.get(key);
    if (known !== undefined) {
      const conversation = await known;
      return written(conversation, await this.#journal.append([rowIn(conversation.session)]));
    }
    // Nothing is awaited before the announcement is on its way: who comes next waits for it and gets the same id.
    const introduced = this.#introduce(place, (session) => [rowIn(session)]);
    const conversation = await once(this.#newConversations, key, async () => (await introduced).conversation);
    return written(conversation, (await introduced).rows);
  }

  /** The current conversation of a chat, if it was ever seen. */
  current(place: PlatformPlace): KnownConversation | undefined {
    return this.#current.get(placeKey(place));
  }

  /** Where a session's conversation is; `undefined` for lanes and for conversations whose platform id was erased. */
  placeOf(session: SessionId): KnownConversation | undefined {
    return this.#bySession.get(session);
  }

  /** Every session that a platform's chat has had, over all threads and `/new`. */
  sessionsOf(instance: InstanceId, platformConversation: string): readonly SessionId[] {
    return [...this.#bySession.values()]
      .filter((known) => known.instance === instance && known.platformConversation === platformConversation)
      .map((known) => known.session);
  }

  /** The current conversations of an instance, newest last. */
  conversationsOf(instance: InstanceId): readonly KnownConversation[] {
    return [...this.#current.values()].filter((known) => known.instance === instance);
  }

  /** A person by our id. */
  personOf(person: PersonId): KnownPerson | undefined {
    return this.#personsById.get(person);
  }

  persons(): readonly KnownPerson[] {
    return [...this.#personsById.values()];
  }

  /** Announces a new conversation, with rows of its own behind the announcement. */
  async #introduce(
    place: PlatformPlace,
    rowsIn: (session: SessionId) => readonly NewRow[],
  ): Promise<{ readonly conversation: KnownConversation; readonly rows: readonly Row[] }> {
    const { agent, instance, isGroup: group } = place;
    const conversation = newConversationId((count) => this.#random.bytes(count));
    const session = sessionIdOf(agent, instance, conversation);
    const announcement = {
      session: LOG_LANE,
      kind: "conversation_seen",
      trust: "system",
      payload: { conversation, instance, agent, group },
      content: { platform_id: place.platformConversation, thread: place.thread },
    } as const;
    const [, ...rows] = await this.#journal.append([announcement, ...rowsIn(session)]);
    const made = this.#bySession.get(session);
    if (made === undefined) throw new Error("identity: an announced conversation is not in the index");
    return { conversation: made, rows };
  }

  #take(row: Row): void {
    if (row.kind === "person_seen") this.#takePerson(row);
    if (row.kind === "conversation_seen") this.#takeConversation(row);
  }

  #takePerson(row: Row): void {
    const person = parsePersonId(textField(row.payload, "person"));
    const instance = parseInstanceId(textField(row.payload, "instance"));
    const platformId = textField(row.content, "platform_id");
    if (!person.ok || !instance.ok || platformId === "") return;
    const known = {
      person: person.value,
      instance: instance.value,
      platformId,
      name: textField(row.content, "name"),
    };
    // The first row of an id counts: a later one that claims the same id or the same account would give one person's
    // rights to another, and nothing of ours writes it.
    const key = keyOf(instance.value, platformId);
    if (this.#persons.has(key) || this.#personsById.has(person.value)) return;
    this.#persons.set(key, known);
    this.#personsById.set(person.value, known);
  }

  #takeConversation(row: Row): void {
    const conversation = parseConversationId(textField(row.payload, "conversation"));
    const instance = parseInstanceId(textField(row.payload, "instance"));
    const agent = parseAgentId(textField(row.payload, "agent"));
    const platformConversation = textField(row.content, "platform_id");
    if (!conversation.ok || !instance.ok || !agent.ok || platformConversation === "") return;
    const known = {
      session: sessionIdOf(agent.value, instance.value, conversation.value),
      agent: agent.value,
      instance: instance.value,
      conversation: conversation.value,
      platformConversation,
      thread: textField(row.content, "thread"),
      isGroup: flagField(row.payload, "group"),
      seenMs: row.tsMs,
    };
    this.#bySession.set(known.session, known);
    this.#current.set(placeKey(known), known);
  }
}

function written(conversation: KnownConversation, [row]: readonly Row[]): Written {
  if (row === undefined) throw new Error("identity: the journal resolved without the row");
  return { conversation, row };
}

/** Two first messages that overlap share one promise, so they get one id. A failure is not kept. */
function once<T>(pending: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const running = pending.get(key);
  if (running !== undefined) return running;
  const started = make().finally(() => pending.delete(key));
  pending.set(key, started);
  return started;
}

/** JSON of a list is injective: no id can be made to look like another pair of ids. */
function keyOf(instance: InstanceId, platformId: string): string {
  return JSON.stringify([instance, platformId]);
}

function placeKey(
  place: Pick<PlatformPlace, "agent" | "instance" | "platformConversation" | "thread">,
): string {
  return JSON.stringify([place.agent, place.instance, place.platformConversation, place.thread]);
}
