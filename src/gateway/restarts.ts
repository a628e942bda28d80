/** What the keeper is asked for a changed configuration to hold. The gateway takes the rest as it runs. Pure. */
import type { Config } from "#contracts/config.ts";

/** One word to the keeper about a role, by the name that it knows. */
export interface RoleChange {
  readonly what: "start" | "stop" | "restart";
  readonly role: string;
}

/** A new channel starts, one that is gone stops, and whoever read what changed at its start is started again. */
export function roleChanges(before: Config, after: Config): readonly RoleChange[] {
  const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);
  const network = differs(before.network, after.network);
  const names = [...new Set([...Object.keys(before.channels), ...Object.keys(after.channels)])];
  const adapters = names.flatMap((role): RoleChange[] => {
    const [old, now] = [before.channels[role], after.channels[role]];
    if (old === undefined) return [{ what: "start", role }];
    if (now === undefined) return [{ what: "stop", role }];
    return network || differs(old.api_base, now.api_base) ? [{ what: "restart", role }] : [];
  });
  const pages = differs(before.pages, after.pages) ? ["webchat", "console"] : [];
  const again = [...pages, ...(network ? ["gateway"] : [])];
  return [...adapters, ...again.map((role): RoleChange => ({ what: "restart", role }))];
}
