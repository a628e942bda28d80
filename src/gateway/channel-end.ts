/** What a removed channel leaves behind: nobody. Whoever was paired there is a stranger again and approves nothing. */
import { GATEWAY_LANE } from "#contracts/ids.ts";
import { isChannel } from "#contracts/channel.ts";
import type { Parts } from "./compose.ts";

/** Forgets the paired persons of an instance, each with a row. Rejects when the log cannot be written. */
export async function forgetPaired(
  parts: Pick<Parts, "identity" | "people" | "approvers" | "world">,
  instance: string,
  by: string,
): Promise<void> {
  const { identity, people, approvers, world } = parts;
  const [surface = ""] = instance.split(":");
  for (const known of identity.persons()) {
    const { person } = known;
    if (known.instance !== instance || !people.isAdmitted(person) || person === people.owner) continue;
    const payload = { change: "removed", instance, person, by };
    const rows = await world.journal.append([
      { session: GATEWAY_LANE, kind: "pairing", trust: "user", payload },
    ]);
    for (const row of rows) people.takePairing(row);
    if (isChannel(surface)) await approvers.remove(person, surface, by);
  }
}
