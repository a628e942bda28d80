/** `wirken channel remove`: stop the channel, take it out of the configuration, remove its credentials. */
import { fail } from "#contracts/fault.ts";
import { ok } from "#contracts/result.ts";
import { announceCredential } from "../../announce-credential.ts";
import type { Leaf } from "../../command.ts";
import { readConfigFile } from "#host/config-file.ts";
import { changeConfig } from "../../config-change.ts";
import { openVault } from "../../vault-access.ts";

export const remove: Leaf = {
  description: "disconnect a channel and remove its credentials",
  args: { instance: { type: "positional", description: "the channel, e.g. telegram", required: true } },
  json: true,
  run: async (context, args) => {
    const instance = args.text("instance") ?? "";
    const config = readConfigFile(context.paths.config);
    if (!config.ok) return config;
    if (!Object.hasOwn(config.value.channels, instance)) {
      return fail("not_found", "there is no such channel", {
        hint: "`wirken channel list` shows what there is",
      });
    }
    const changed = await changeConfig(context, (before) => ({
      ...before,
      channels: Object.fromEntries(Object.entries(before.channels).filter(([name]) => name !== instance)),
    }));
    if (!changed.ok) return changed;
    const opened = await openVault(context);
    if (!opened.ok) return opened;
    using vault = opened.value;
    const scope = `channel/${instance}`;
    const entries = vault.list();
    if (!entries.ok) return entries;
    for (const entry of entries.value.filter((candidate) => candidate.scope === scope)) {
      const removed = vault.remove(scope, entry.name);
      if (!removed.ok) return removed;
      await announceCredential(
        context,
        { scope, name: entry.name, version: entry.version, change: "removed" },
        undefined,
      );
    }
    context.out.data({ instance, removed: true }, () => [
      `${instance} is disconnected; its credentials are removed, and whoever was paired there is a stranger again`,
    ]);
    return ok(0);
  },
};
