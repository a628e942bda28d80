/**
 * `mcp.json` changed from the operator's terminal, which alone may write it; and the running program told: its proxy
 * starts again with what the file says now.
 */
import type { Fault } from "#contracts/fault.ts";
import { fail } from "#contracts/fault.ts";
import type { McpEntry, McpFile } from "#contracts/mcp-config.ts";
import type { McpView } from "#contracts/control-results.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SYSTEM_PATH, remainingEnvironment } from "#host/env.ts";
import { ensureFolder, writeFileAtomic } from "#host/files.ts";
import { parseMcp, readMcpFile } from "#host/mcp-file.ts";
import { awaitRestart, rolesNow } from "./await-restart.ts";
import type { ControlClient } from "./client.ts";
import type { Context } from "./context.ts";

export const MCP_ROLE = "mcp";
const APPEARS_MS_MAX = 15_000;
const POLL_MS = 100;

/** The entry of a server; `not_found` without it. */
export function serverEntry(context: Context, name: string): Result<McpEntry, Fault> {
  const file = readMcpFile(context.paths.mcpFile, context.paths.root);
  if (!file.ok) return file;
  const entry = file.value.mcpServers[name];
  return entry === undefined
    ? fail("not_found", "there is no such server in mcp.json", { hint: "wirken mcp list" })
    : ok(entry);
}

/** Puts `edit`'s answer in the place of the servers, checked as a whole before it is written. */
export function changeServers(
  context: Context,
  edit: (servers: McpFile["mcpServers"]) => Readonly<Record<string, unknown>>,
): Result<McpFile, Fault> {
  const { mcpFile, root } = context.paths;
  const file = readMcpFile(mcpFile, root);
  if (!file.ok) return file;
  const next = parseMcp({ mcpServers: edit(file.value.mcpServers) }, root);
  if (!next.ok) return next;
  const folder = ensureFolder(root);
  if (!folder.ok) return folder;
  const text = `${JSON.stringify(next.value, null, 2)}\n`;
  const written = writeFileAtomic(mcpFile, new TextEncoder().encode(text));
  return written.ok ? next : written;
}

/** The servers but one. */
export function withoutServer(servers: McpFile["mcpServers"], name: string): McpFile["mcpServers"] {
  return Object.fromEntries(Object.entries(servers).filter(([each]) => each !== name));
}

/** The folders in which a bare command is looked for: the operator's own. */
export function searchPath(): string {
  return remainingEnvironment()["PATH"] ?? SYSTEM_PATH;
}

/** Has the running program read mcp.json again. `false` where nothing runs. */
export async function applyServers(context: Context): Promise<Result<boolean, Fault>> {
  const client = await context.connect();
  if (!client.ok) return ok(false);
  using connection = client.value;
  const before = await rolesNow(connection);
  const told = await connection.call("restart", { role: MCP_ROLE });
  if (!told.ok) return told;
  const file = readMcpFile(context.paths.mcpFile, context.paths.root);
  const runs = file.ok && Object.values(file.value.mcpServers).some((entry) => !entry.disabled);
  if (runs) await awaitRestart(context, before, [MCP_ROLE]);
  return ok(true);
}

/** Waits until the proxy is there and knows the server. */
export async function appearedServer(
  context: Context,
  connection: ControlClient,
  name: string,
): Promise<Result<McpView, Fault>> {
  const { clock, signal } = context;
  const end = clock.monotonic() + APPEARS_MS_MAX;
  for (;;) {
    const listed = await connection.call("mcp_list", {});
    if (!listed.ok) return listed;
    const view = listed.value.find(({ server }) => server === name);
    if (view !== undefined) return ok(view);
    if (clock.monotonic() >= end || signal.aborted) {
      return fail("timeout", "the MCP proxy does not know the server yet", { hint: "wirken mcp list" });
    }
    await clock.sleep(POLL_MS);
  }
}
