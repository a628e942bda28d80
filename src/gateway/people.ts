/** Persons as people see them, and who of them may drive an agent: the owner, and whoever was paired. */
import type { Row } from "#contracts/audit-event.ts";
import { type InstanceId, type PersonId, parseInstanceId, parsePersonId } from "#contracts/ids.ts";
import { visibleLine } from "#contracts/visible.ts";
import { textField } from "#session/fields.ts";
import type { Identity } from "#session/identity.ts";
import type { Names } from "./approval-rows.ts";

/** The platform id of the person at this computer: web chat, console and command line. */
export const OWNER_PLATFORM_ID = "owner";

export class People implements Names {
  readonly owner: PersonId;
  readonly #identity: Identity;
  readonly #paired = new Set<PersonId>();

  /** `attested`: the rows of the gateway's lane that have force; pairings in them count. */
  constructor(identity: Identity, owner: PersonId, attested: readonly Row[]) {
    this.#identity = identity;
    this.owner = owner;
    for (const row of attested) this.takePairing(row);
  }

  /** Finds or makes the owner's person. Rejects when the log cannot be written. */
  static async owner(identity: Identity): Promise<PersonId> {
    const instance = parseInstanceId("cli");
    if (!instance.ok) throw new Error("people: `cli` is no instance id");
    return identity.person(instance.value, OWNER_PLATFORM_ID, "");
  }

  /** Admits the person of a `pairing` row that was used; forgets the one of a row that took it back. */
  takePairing(row: Row): void {
    const person = parsePersonId(textField(row.payload, "person"));
    if (row.kind !== "pairing" || !person.ok) return;
    const change = textField(row.payload, "change");
    if (change === "used") this.#paired.add(person.value);
    if (change === "removed") this.#paired.delete(person.value);
  }

  /** True for the owner and for everyone who was paired. */
  isAdmitted(person: PersonId): boolean {
    return person === this.owner || this.#paired.has(person);
  }

  /** How many persons of an instance were paired. */
  pairedOf(instance: InstanceId): number {
    return this.#identity
      .persons()
      .filter((known) => known.instance === instance && this.#paired.has(known.person)).length;
  }

  /** "you", a name with its hidden characters visible, or the bare id. */
  person(id: string): string {
    if (id === this.owner) return "you";
    const parsed = parsePersonId(id);
    const name = parsed.ok ? this.#identity.personOf(parsed.value)?.name : undefined;
    if (name === undefined || name === "") return id;
    const shown = visibleLine(name);
    // Anyone may call themselves "you" or put our own marks into a name: then the id stands beside it.
    return isPlainName(shown) ? shown : `${shown} (${id})`;
  }
}

/** A name that cannot be taken for the owner's, nor end the sentence that it stands in. */
function isPlainName(name: string): boolean {
  const folded = name.normalize("NFKC").trim().toLowerCase();
  return folded !== "you" && !/^you\b/u.test(folded) && !/[,:“”"()⟦]/u.test(name);
}
