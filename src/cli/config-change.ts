/**
 * Changes `config.json` through the running program, or, when nothing runs, in the file: the gateway then finds at its
 * start that the file differs from the last recorded one and writes the row.
 */
import { type Config, configSchema } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { ensureFolder, readFileBounded, writeFileAtomic } from "#host/files.ts";
import type { Context } from "./context.ts";

const CONFIG_BYTES_MAX = 1_048_576;

export interface Change {
  /** Roles that were restarted for it; empty when nothing runs. */
  readonly restarted: readonly string[];
  readonly running: boolean;
}

/** Reads the configuration from its file; a missing file is the default. */
export async function readConfig(context: Context): Promise<Result<Config, Fault>> {
  const bytes = readFileBounded(context.paths.config, CONFIG_BYTES_MAX);
  if (!bytes.ok) {
    if (bytes.error.code === "not_found") return ok(configSchema.parse({}));
    return bytes;
  }
  return parseConfig(new TextDecoder().decode(bytes.value));
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
  const applied = await connection.call("config_apply", { config: edit(parsed.data) });
  if (!applied.ok) return applied;
  return ok({ restarted: applied.value.restarted, running: true });
}

async function changeFile(
  context: Context,
  edit: (config: Config) => Config,
): Promise<Result<Change, Fault>> {
  const current = await readConfig(context);
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

function parseConfig(text: string): Result<Config, Fault> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail("config", "config.json is not JSON", {
      hint: "mend it, or move it away to begin with defaults",
    });
  }
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const first = parsed.error.issues[0];
  const where =
    first === undefined
      ? ""
      : `: ${first.path.map(String).join(".") || "top level"}: ${first.message.toLowerCase()}`;
  return fail("config", `config.json does not fit its schema${where}`, {
    hint: "mend that key, or move the file away",
  });
}
