/**
 * Changes `config.json` through the running program, or, when nothing runs, in the file: the gateway then finds at its
 * start that the file differs from the last recorded one and writes the row.
 */
import { type Config, configSchema } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { readConfigFile } from "#host/config-file.ts";
import { ensureFolder, writeFileAtomic } from "#host/files.ts";
import { awaitRestart, rolesNow } from "./await-restart.ts";
import type { Context } from "./context.ts";

export interface Change {
  /** Roles that were restarted for it; empty when nothing runs. */
  readonly restarted: readonly string[];
  readonly running: boolean;
}

/** Applies `edit` to the configuration in force. */
export async function changeConfig(
  context: Context,
  edit: (config: Config) => Config,
): Promise<Result<Change, Fault>> {
  const client = await context.connect();
  if (!client.ok) return await changeFile(context, edit);
  using connection = client.value;
  const current = await connection.call("config_get", {});
  if (!current.ok) return current;
  const parsed = configSchema.safeParse(current.value.config);
  if (!parsed.success)
    return fail("protocol", "the running program answered with another configuration format");
  const before = await rolesNow(connection);
  const applied = await connection.call("config_apply", { config: edit(parsed.data) });
  if (!applied.ok) return applied;
  if (applied.value.restarted.includes("gateway"))
    await awaitRestart(context, before, applied.value.restarted);
  return ok({ restarted: applied.value.restarted, running: true });
}

async function changeFile(
  context: Context,
  edit: (config: Config) => Config,
): Promise<Result<Change, Fault>> {
  const current = readConfigFile(context.paths.config);
  if (!current.ok) return current;
  const next = configSchema.safeParse(edit(current.value));
  if (!next.success) return fail("config", "the new configuration does not fit its schema");
  const folder = ensureFolder(context.paths.root);
  if (!folder.ok) return folder;
  const written = writeFileAtomic(
    context.paths.config,
    new TextEncoder().encode(`${JSON.stringify(next.data, null, 2)}\n`),
  );
  if (!written.ok) return written;
  return ok({ restarted: [], running: false });
}
