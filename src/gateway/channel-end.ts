/** What a taken-back pairing leaves behind: nobody. Whoever was paired is a stranger again and approves nothing. */
import { isChannel } from "#contracts/channel.ts";
import { GATEWAY_LANE, type PersonId } from "#contracts/ids.ts";
import type { Parts } from "./compose.ts";

type Needed = Pick<Parts, "identity" | "people" | "approvers" | "grants" | "queue" | "world">;

/** Forgets the paired persons of an instance, each with a row. Rejects when the log cannot be written. */
export async function forgetPaired(parts: Needed, instance: string, by: string): Promise<void> {
  const persons = parts.identity.persons().filter((known) => known.instance === instance);
  for (const { person } of persons) await forgetPerson(parts, person, by);
}

/**
 * Takes one person's pairing back: their right to approve and their permissions first, then their admission, then every
 * turn of theirs that runs or waits. False for the owner of this computer and for whoever is not paired.
 * Rejects when the log cannot be written.
 */
export async function forgetPerson(parts: Needed, person: PersonId, by: string): Promise<boolean> {
  const { identity, people, approvers, grants, queue, world } = parts;
  const known = identity.personOf(person);
  if (known === undefined || person === people.owner || !people.isAdmitted(person)) return false;
  const [surface = ""] = known.instance.split(":");
  if (isChannel(surface)) await approvers.remove(person, surface, by);
  for (const grant of grants.list()) if (grant.person === person) await grants.revoke(grant.id, people.owner);
  const payload = { change: "removed", instance: known.instance, person, by };
  const rows = await world.journal.append([
    { session: GATEWAY_LANE, kind: "pairing", trust: "user", payload },
  ]);
  for (const row of rows) people.takePairing(row);
  queue.endAllOf(person, { by: "operator" });
  return true;
}
