/**
 * Stored permissions in force, derived from the rows `grant` and `grant_revoked` of the gateway's lane. The
 * type that is
 * stored (`StorableAction`) cannot be made of a Tier 3 call.
 */
import type { Row } from "#contracts/audit-event.ts";
import { GATEWAY_LANE, type GrantId, newGrantId, type PersonId, parseGrantId } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import type { Grant } from "#contracts/verdict.ts";
import { type GrantScope, newGrant, type StorableAction } from "#policy/grant.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { numberField, textField } from "#session/fields.ts";

export class Grants {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #grants = new Map<GrantId, Grant>();

  /** `attested`: the rows of the gateway's lane that have force. */
  constructor(ports: { journal: Journal; clock: Clock; random: Random }, attested: readonly Row[]) {
    this.#journal = ports.journal;
    this.#clock = ports.clock;
    this.#random = ports.random;
    for (const row of attested) this.#take(row);
  }

  /** Grants that have not ended. */
  list(): readonly Grant[] {
    const now = this.#clock.now();
    for (const [id, grant] of this.#grants) if (grant.expiresMs <= now) this.#grants.delete(id);
    return [...this.#grants.values()];
  }

  /**
   * Grants that each of `persons` holds for the same act, agent and channel. In a group the words of one
   * person must not
   * use what was granted to another who happens to ask next.
   */
  heldByAll(persons: readonly string[]): readonly Grant[] {
    const all = this.list();
    const isHeldBy = (person: string, grant: Grant): boolean =>
      all.some(
        (other) =>
          other.person === person &&
          other.actionKey === grant.actionKey &&
          other.agent === grant.agent &&
          other.channel === grant.channel,
      );
    return all.filter((grant) => persons.every((person) => isHeldBy(person, grant)));
  }

  /** Stores a permission: durable before it counts. Rejects when the log cannot be written. */
  async add(storable: StorableAction, scope: GrantScope, days: number, by: PersonId): Promise<Grant> {
    const grant = newGrant(
      storable,
      scope,
      newGrantId((count) => this.#random.bytes(count)),
      this.#clock.now(),
      days,
    );
    const { id, actionKey, agent, channel, person, createdMs, expiresMs } = grant;
    const payload = { grant: id, agent, channel, person, created_ms: createdMs, expires_ms: expiresMs, by };
    await this.#append({ kind: "grant", payload, content: { action_key: actionKey } });
    return grant;
  }

  /** Takes a permission back at once. False when there is none under this id. */
  async revoke(id: string, by: PersonId): Promise<boolean> {
    const parsed = parseGrantId(id);
    const known = parsed.ok ? this.#grants.get(parsed.value) : undefined;
    if (known === undefined) return false;
    // Gone before the row is written: if the row cannot be written, a permission too few is the safe side.
    this.#grants.delete(known.id);
    await this.#append({ kind: "grant_revoked", payload: { grant: known.id, by } });
    return true;
  }

  async #append(row: Pick<Row, "kind"> & { payload: NonNullable<Row["payload"]>; content?: Row["payload"] }) {
    const { kind, payload, content } = row;
    const base = { session: GATEWAY_LANE, kind, trust: "system" as const, payload };
    const written = await this.#journal.append([content === undefined ? base : { ...base, content }]);
    for (const each of written) this.#take(each);
    await this.#journal.sealTurn(GATEWAY_LANE, "grant");
  }

  #take(row: Row): void {
    const id = parseGrantId(textField(row.payload, "grant"));
    if (!id.ok) return;
    if (row.kind === "grant_revoked") this.#grants.delete(id.value);
    const actionKey = textField(row.content, "action_key");
    if (row.kind !== "grant" || actionKey === "") return;
    this.#grants.set(id.value, {
      id: id.value,
      actionKey,
      agent: textField(row.payload, "agent"),
      channel: textField(row.payload, "channel"),
      person: textField(row.payload, "person"),
      createdMs: numberField(row.payload, "created_ms"),
      expiresMs: numberField(row.payload, "expires_ms"),
    });
  }
}
