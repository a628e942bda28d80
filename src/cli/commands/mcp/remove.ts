/** `wirken mcp remove`: the server, its login, its credentials, its folder and what was approved of it. */
import { existsSync, rmSync } from "node:fs";
import type { Fault } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { announceCredential } from "../../announce-credential.ts";
import type { Leaf } from "../../command.ts";
import type { Context } from "../../context.ts";
import { applyServers, changeServers, serverEntry, withoutServer } from "../../mcp-servers.ts";
import { openVault } from "../../vault-access.ts";

const GONE_MS_MAX = 5_000;
const POLL_MS = 100;

export const remove: Leaf = {
  description: "remove a server, its credentials and what was approved of it",
  args: { server: { type: "positional", description: "the server's name", required: true } },
  json: true,
  run: async (context, args) => {
    const name = args.text("server") ?? "";
    const entry = serverEntry(context, name);
    if (!entry.ok) return entry;
    if (!("command" in entry.value)) await logOut(context, name);
    const written = changeServers(context, (servers) => withoutServer(servers, name));
    if (!written.ok) return written;
    const applied = await applyServers(context);
    if (!applied.ok) return applied;
    const forgotten = applied.value ? await forget(context, name) : ok(0);
    if (!forgotten.ok) return forgotten;
    const emptied = await removeCredentials(context, name, Object.keys(entry.value.credentials).length > 0);
    if (!emptied.ok) return emptied;
    rmSync(context.paths.mcp(name), { recursive: true, force: true });
    context.out.data({ server: name, removed: true, forgotten: forgotten.value }, () => [
      applied.value
        ? `${name} is removed, with what was approved of it`
        : `${name} is removed; what was approved of its tools stays in the record until you remove it while wirken runs`,
    ]);
    return ok(0);
  },
};

async function logOut(context: Context, server: string): Promise<void> {
  const client = await context.connect();
  if (!client.ok) return;
  using connection = client.value;
  await connection.call("mcp_logout", { server }); // a server that was never logged in to has nothing to lose
}

/** Waits until the proxy no longer has the server: before, nothing may be taken back under its feet. */
async function forget(context: Context, server: string): Promise<Result<number, Fault>> {
  const client = await context.connect();
  if (!client.ok) return client;
  using connection = client.value;
  const end = context.clock.monotonic() + GONE_MS_MAX;
  for (;;) {
    const done = await connection.call("mcp_forget", { server });
    if (done.ok) return ok(done.value.forgotten);
    if (context.clock.monotonic() >= end) return done;
    await context.clock.sleep(POLL_MS);
  }
}

async function removeCredentials(
  context: Context,
  server: string,
  has: boolean,
): Promise<Result<void, Fault>> {
  if (!has || !existsSync(context.paths.vaultDb)) return ok(undefined);
  const opened = await openVault(context);
  if (!opened.ok) return opened;
  using vault = opened.value;
  const scope = `mcp/${server}`;
  const entries = vault.list();
  if (!entries.ok) return entries;
  for (const { name, version } of entries.value.filter((candidate) => candidate.scope === scope)) {
    const removed = vault.remove(scope, name);
    if (!removed.ok) return removed;
    await announceCredential(context, { scope, name, version, change: "removed" }, undefined);
  }
  return ok(undefined);
}
