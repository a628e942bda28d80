/** `wirken mcp add`: write the entry, pin its program, start it, show its tools and let them in. */
import type { ArgsDef } from "citty";
import { type Fault, fail } from "#contracts/fault.ts";
import { type McpEntry, type McpStdioEntry, isStdio } from "#contracts/mcp-config.ts";
import { type Result, ok } from "#contracts/result.ts";
import { readMcpFile } from "#host/mcp-file.ts";
import { pinProgram } from "#host/program-pin.ts";
import { announceCredential } from "../../announce-credential.ts";
import type { Leaf } from "../../command.ts";
import type { Context } from "../../context.ts";
import { approveTools } from "../../mcp-approval.ts";
import { type RawEntry, entryFrom, packageFolders, unreadFolders } from "../../mcp-entry.ts";
import { serverLines, toolLines } from "../../mcp-lines.ts";
import { appearedServer, applyServers, changeServers, searchPath, withoutServer } from "../../mcp-servers.ts";
import { bytesOf, openOrMakeVault } from "../../vault-access.ts";

const ARGS = {
  name: { type: "positional", description: "a name of your choice: a-z, 0-9, -", required: true },
  url: { type: "string", description: "a remote server, instead of a program", valueHint: "URL" },
  transport: { type: "string", description: "of a remote server: http or sse", valueHint: "KIND" },
  header: { type: "string", description: "a header for a remote server; no secret", valueHint: "NAME=VALUE" },
  issuer: { type: "string", description: "the one authorization server to accept", valueHint: "URL" },
  "client-id": { type: "string", description: "a client registered there by hand", valueHint: "ID" },
  scope: { type: "string", description: "scopes to ask for when logging in", valueHint: "SCOPES" },
  env: { type: "string", description: "a variable for the program; no secret", valueHint: "NAME=VALUE" },
  credential: {
    type: "string",
    description: "a variable or header whose value comes from the vault; may be given again",
    valueHint: "NAME[=ENTRY]",
  },
  read: {
    type: "string",
    description: "a folder the program may read; may be given again",
    valueHint: "PATH",
  },
  write: { type: "string", description: "a folder it may change; may be given again", valueHint: "PATH" },
  host: { type: "string", description: "a host it may reach; may be given again", valueHint: "HOST" },
  network: { type: "string", description: "none, or unconfined: any host", valueHint: "WHICH" },
  "read-only": { type: "string", description: "a tool that only reads: asks once", valueHint: "TOOL" },
  agent: { type: "string", description: "an agent that may use it; all by default", valueHint: "ID" },
  approve: { type: "boolean", description: "let all its tools in without asking" },
} as const satisfies ArgsDef;

export const add: Leaf = {
  description: "add a server: a program behind `--`, or a remote one with --url",
  args: ARGS,
  json: true,
  operands: true,
  run: async (context, args) => {
    const name = args.text("name") ?? "";
    const raw = entryFrom(name, args);
    if (!raw.ok) return raw;
    const written = write(context, name, raw.value);
    if (!written.ok) return written;
    const entry = written.value;
    if (isStdio(entry)) sayReach(context, entry);
    const stored = await storeCredentials(context, name, entry);
    if (!stored.ok) return stored;
    const applied = await applyServers(context);
    if (!applied.ok) return applied;
    if (!applied.value) {
      context.out.data({ server: name, running: false }, () => [
        `${name} is in mcp.json; next: start \`wirken run\`, then \`wirken mcp approve ${name}\``,
      ]);
      return ok(0);
    }
    return await meet(context, name, args.flag("approve"));
  },
};

/** Writes the entry with its program's pin. */
function write(context: Context, name: string, raw: RawEntry): Result<McpEntry, Fault> {
  const { mcpFile, root } = context.paths;
  const before = readMcpFile(mcpFile, root);
  if (!before.ok) return before;
  if (Object.hasOwn(before.value.mcpServers, name)) {
    return fail("refused", "there is a server of that name already", { hint: `wirken mcp remove ${name}` });
  }
  const first = changeServers(context, (servers) => ({ ...servers, [name]: raw }));
  if (!first.ok) return first;
  const entry = first.value.mcpServers[name];
  if (entry === undefined || !isStdio(entry))
    return entry === undefined ? fail("internal", "the entry is lost") : ok(entry);
  const pinned = withPin(entry);
  const second = changeServers(context, (servers) => {
    const others = withoutServer(servers, name);
    return pinned.ok ? { ...others, [name]: pinned.value } : others;
  });
  return pinned.ok && !second.ok ? second : pinned;
}

function withPin(entry: McpStdioEntry): Result<McpStdioEntry, Fault> {
  const seen = pinProgram(entry, searchPath());
  if (!seen.ok) return seen;
  const needed = packageFolders([seen.value.command, ...Object.keys(seen.value.files)]);
  const whole = { ...entry, read: [...new Set([...entry.read, ...needed])] };
  const pin = pinProgram(whole, searchPath());
  return pin.ok ? ok({ ...whole, pin: pin.value }) : pin;
}

function sayReach(context: Context, entry: McpStdioEntry): void {
  const { out } = context;
  const list = (paths: readonly string[]): string =>
    paths.length === 0 ? "nothing of yours" : paths.join(", ");
  const held = entry.network === "none" && entry.hosts.length > 0;
  const network = held ? `these hosts alone: ${entry.hosts.join(", ")}` : entry.network;
  out.say(`it may read ${list(entry.read)}, change ${list(entry.write)}, network: ${network}`);
  for (const folder of unreadFolders(entry)) {
    out.say(
      `note: it may not read ${folder}, which its command line names: \`--read\` or \`--write\` would let it`,
    );
  }
}

/** Asks for credentials that the vault lacks. */
async function storeCredentials(
  context: Context,
  server: string,
  entry: McpEntry,
): Promise<Result<void, Fault>> {
  const names = new Set(Object.values(entry.credentials));
  if (names.size === 0) return ok(undefined);
  const opened = await openOrMakeVault(context);
  if (!opened.ok) return opened;
  using vault = opened.value.vault;
  const scope = `mcp/${server}`;
  for (const name of names) {
    const has = vault.has(scope, name);
    if (!has.ok) return has;
    if (has.value) continue;
    const asked = await context.terminal.askSecret(`Value of ${name} for ${server}`);
    if (!asked.ok) {
      context.out.say(`store it with: wirken credentials add ${name} --scope ${scope} --stdin`);
      continue;
    }
    using text = asked.value;
    using value = bytesOf(text);
    const put = vault.put({ scope, name, kind: "token", value });
    if (!put.ok) return put;
    const change = { scope, name, version: put.value.version, change: "added" } as const;
    await announceCredential(context, change, opened.value.made);
  }
  return ok(undefined);
}

/** The server's first start: its state, its tools, and whether they are let in. */
async function meet(context: Context, name: string, yes: boolean): Promise<Result<number, Fault>> {
  const client = await context.connect();
  if (!client.ok) return client;
  using connection = client.value;
  const there = await appearedServer(context, connection, name);
  if (!there.ok) return there;
  const tested = await connection.call("mcp_test", { server: name });
  if (!tested.ok) return tested;
  const approved = await approveTools(context, connection, tested.value.view, { only: [], yes });
  if (!approved.ok) return approved;
  const listed = await connection.call("mcp_list", {});
  const view = listed.ok
    ? (listed.value.find(({ server }) => server === name) ?? tested.value.view)
    : tested.value.view;
  context.out.data(view, () => [...serverLines([view]), "", ...toolLines(view)]);
  return ok(0);
}
