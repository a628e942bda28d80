/**
 * Who may approve, on which surface, up to which tier: derived from the rows `approver_changed` of the gateway's lane.
 * Console and CLI are the operator's own surfaces and need no entry (`src/policy/approver.ts`); the owner of
 * the web chat
 * has the entry that the channel's traits give.
 */
import type { Approver } from "#contracts/approval.ts";
import type { Row } from "#contracts/audit-event.ts";
import { type Channel, isChannel } from "#contracts/channel.ts";
import { GATEWAY_LANE, type PersonId, parsePersonId } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import { approverOf } from "#policy/approver.ts";
import { numberField, textField } from "#session/fields.ts";

export class Approvers {
  readonly #journal: Journal;
  readonly #entries = new Map<string, Approver>();

  /** `attested`: the rows of the gateway's lane that have force. `owner`: the person of web chat, console and CLI. */
  constructor(journal: Journal, attested: readonly Row[], owner: PersonId) {
    this.#journal = journal;
    const own = approverOf(owner, "webchat");
    this.#entries.set(keyOf(own), own);
    for (const row of attested) if (row.kind === "approver_changed") this.#take(row);
  }

  list(): readonly Approver[] {
    return [...this.#entries.values()];
  }

  /** Adds or changes an entry: durable before it counts. Rejects when the log cannot be written. */
  async add(entry: Approver, by: string): Promise<void> {
    await this.#append({ ...payloadOf(entry), change: "added", by });
  }

  /** Removes an entry; it counts no more before the row is written. False when there was none. */
  async remove(person: PersonId, surface: Channel, by: string): Promise<boolean> {
    const known = this.#entries.get(keyOf({ person, surface }));
    if (known === undefined) return false;
    this.#entries.delete(keyOf(known));
    await this.#append({ ...payloadOf(known), change: "removed", by });
    return true;
  }

  async #append(payload: NonNullable<Row["payload"]>): Promise<void> {
    const row = { session: GATEWAY_LANE, kind: "approver_changed", trust: "system", payload } as const;
    for (const written of await this.#journal.append([row])) this.#take(written);
    await this.#journal.sealTurn(GATEWAY_LANE, "approver");
  }

  #take(row: Row): void {
    const person = parsePersonId(textField(row.payload, "person"));
    const surface = textField(row.payload, "surface");
    if (!person.ok || !isChannel(surface)) return;
    const upTo = numberField(row.payload, "up_to", 2) === 3 ? 3 : 2;
    const entry: Approver = { person: person.value, surface, upTo };
    if (textField(row.payload, "change") === "added") this.#entries.set(keyOf(entry), entry);
    else this.#entries.delete(keyOf(entry));
  }
}

function payloadOf(entry: Approver) {
  return { person: entry.person, surface: entry.surface, up_to: entry.upTo };
}

function keyOf({ person, surface }: Pick<Approver, "person" | "surface">): string {
  return `${surface} ${person}`;
}
