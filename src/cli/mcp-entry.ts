/** A server's entry from the words of `wirken mcp add`. Secrets are never among them: `--credential` names them. */
import { existsSync, statSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { MCP_SERVER_NAME, type McpStdioEntry } from "#contracts/mcp-config.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Arguments } from "./command.ts";

/** What is written into mcp.json, before it is checked against the schema. */
export type RawEntry = Readonly<Record<string, unknown>>;

/** Builds the entry of a server from options and the words behind `--`. */
export function entryFrom(name: string, args: Arguments): Result<RawEntry, Fault> {
  if (!MCP_SERVER_NAME.test(name))
    return fail("usage", "a server's name is a-z, 0-9 and -, at most 32 characters");
  const [command, ...words] = args.rest;
  const url = args.text("url");
  if ((command === undefined) === (url === undefined)) {
    return fail("usage", "name a program behind `--`, or a remote server with `--url`", {
      hint: "wirken mcp add files --read /srv/docs -- npx -y @modelcontextprotocol/server-filesystem /srv/docs",
    });
  }
  const env = pairs(args.all("env"));
  const headers = pairs(args.all("header"));
  if (env === undefined || headers === undefined)
    return fail("usage", "`--env` and `--header` take NAME=VALUE");
  const agents = args.all("agent");
  const common = {
    credentials: Object.fromEntries(args.all("credential").map(credentialPair)),
    readOnlyTools: args.all("read-only"),
    ...(agents.length === 0 ? {} : { agents }),
  };
  if (command === undefined) {
    return ok({ ...common, type: args.text("transport") ?? "http", url, headers, ...oauthOf(args) });
  }
  return ok({
    ...common,
    command,
    args: words,
    env,
    read: args.all("read"),
    write: args.all("write"),
    hosts: args.all("host"),
    network: args.text("network") ?? "none",
  });
}

/** Package folders that the program's own files lie in: without them it could not even load itself. */
export function packageFolders(paths: readonly string[]): readonly string[] {
  const mark = "/node_modules/";
  const folders = paths.flatMap((path) => {
    const at = path.indexOf(mark);
    return at < 0 || path.startsWith("/usr/") ? [] : [path.slice(0, at + mark.length - 1)];
  });
  return [...new Set(folders)];
}

/** Folders among the arguments that the server may not read: it will most likely fail. */
export function unreadFolders(entry: McpStdioEntry): readonly string[] {
  const given = [...entry.read, ...entry.write];
  return entry.args.filter(
    (word) =>
      word.startsWith("/") &&
      existsSync(word) &&
      statSync(word).isDirectory() &&
      !given.some((path) => word === path || word.startsWith(`${path}/`)),
  );
}

function oauthOf(args: Arguments): RawEntry {
  const [issuer, clientId, scope] = [args.text("issuer"), args.text("client-id"), args.text("scope")];
  const oauth = {
    ...(issuer === undefined ? {} : { issuer }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(scope === undefined ? {} : { scope }),
  };
  return Object.keys(oauth).length === 0 ? {} : { oauth };
}

/** `VARIABLE=entry`, or `VARIABLE` alone for the entry of the same name as the vault writes it. */
function credentialPair(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at >= 0) return [text.slice(0, at), text.slice(at + 1)];
  return [text, text.toLowerCase().replaceAll("_", "-")];
}

function pairs(texts: readonly string[]): Readonly<Record<string, string>> | undefined {
  const found = texts.map((text) => [text.indexOf("="), text] as const);
  if (found.some(([at]) => at < 1)) return undefined;
  return Object.fromEntries(found.map(([at, text]) => [text.slice(0, at), text.slice(at + 1)]));
}
