/** Which roles must start again for a changed configuration to hold. The gateway takes the rest as it runs. Pure. */
import type { Config } from "#contracts/config.ts";

/** Names of roles as the keeper knows them. */
export function rolesToRestart(before: Config, after: Config): readonly string[] {
  const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);
  const names = [...new Set([...Object.keys(before.channels), ...Object.keys(after.channels)])];
  const adapters = names.filter(
    (name) =>
      differs(before.channels[name]?.api_base, after.channels[name]?.api_base) ||
      (before.channels[name] === undefined) !== (after.channels[name] === undefined),
  );
  const pages = differs(before.pages, after.pages) ? ["webchat", "console"] : [];
  const network = differs(before.network, after.network) ? ["gateway"] : [];
  return [...adapters, ...pages, ...network];
}
