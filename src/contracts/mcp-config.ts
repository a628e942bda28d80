/**
 * `mcp.json`: the servers an operator lets agents use, in the shape that other programs have too (`mcpServers`) with
 * what this program adds (docs/mcp.md). No secret stands in it: `credentials` names entries of the vault.
 */
import { z } from "zod";
import { isHttpsOrLoopback } from "./config.ts";
import { canonicalJson } from "./json.ts";
import { parseOrigin } from "./origin.ts";

/** Name of a server: also a vault scope `mcp/<name>`, a folder, and a part of its tools' names. */
export const MCP_SERVER_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
export const MCP_SERVERS_MAX = 32;
/** The whole file; it travels in a hand-off beside the credentials. */
export const MCP_FILE_BYTES_MAX = 32_768;

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
/** A variable or a header. */
const CREDENTIAL_PLACE = /^[A-Za-z_][A-Za-z0-9_-]{0,127}$/;
const VAULT_NAME = /^[a-z][a-z0-9._:-]{0,63}$/;
/** Names under which other programs keep secrets in the open. */
const SECRET_NAME = /(token|secret|passw|api[-_]?key|access[-_]?key|private[-_]?key|authorization|cookie)/i;

const path = z
  .string()
  .min(1)
  .max(4_096)
  .startsWith("/")
  .refine(isPlainPath, "must be absolute, without . or ..");
const credentials = z.record(z.string().regex(CREDENTIAL_PLACE), z.string().regex(VAULT_NAME)).default({});
const plainValue = z
  .string()
  .max(4_096)
  .refine((text) => !/[\0\r\n]/.test(text), "must be one line");

const limits = z
  .strictObject({
    /** Longest a call may take without a word from the server. */
    timeoutMs: z.int().min(1_000).max(3_600_000).default(60_000),
    /** Longest a call may take, however often the server says that it works. */
    totalMs: z.int().min(1_000).max(86_400_000).default(600_000),
    /** Calls at a time; more wait. */
    concurrentCalls: z.int().min(1).max(16).default(4),
    /** Calls that wait; more are refused. */
    waitingCalls: z.int().min(0).max(256).default(32),
    memoryMb: z.int().min(64).max(65_536).default(1_024),
    processes: z.int().min(8).max(1_024).default(128),
  })
  .prefault({});

/** What was found when the operator let the command in: it starts only while it is the same. */
const pin = z.strictObject({
  /** SHA-256 of `entryText`: what the program is and what it is given. */
  entry: z.string().regex(/^[0-9a-f]{64}$/),
  command: path,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Further files of the command line, by path. */
  files: z.record(z.string().max(4_096), z.string().regex(/^[0-9a-f]{64}$/)).default({}),
});

const common = {
  credentials,
  /** Tools that only read: they ask once instead of each time. */
  readOnlyTools: z.array(z.string().min(1).max(256)).max(256).default([]),
  /** Agents that may use it; all where it is missing. */
  agents: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/))
    .max(64)
    .optional(),
  limits,
  disabled: z.boolean().default(false),
} as const;

const stdioEntry = z.strictObject({
  ...common,
  type: z.literal("stdio").default("stdio"),
  command: z.string().min(1).max(4_096),
  args: z.array(z.string().max(16_384)).max(256).default([]),
  env: z
    .record(z.string().regex(ENV_NAME), plainValue)
    .default({})
    .refine(
      holdsNoSecret,
      "holds what looks like a secret; store it in the vault and name it in `credentials`",
    ),
  /** Folders and files that it may read, or read and write, beside the system's programs and its own folder. */
  read: z.array(path).max(64).default([]),
  write: z.array(path).max(64).default([]),
  /** Hosts that it may reach, over a proxy that holds it to them: `host`, `host:port` or `http://host:port`. */
  hosts: z
    .array(
      z
        .string()
        .max(300)
        .refine((text) => parseOrigin(text) !== undefined, "must be host, host:port or http://host:port"),
    )
    .max(64)
    .default([]),
  /** `unconfined`: any host; an operator's written choice. */
  network: z.enum(["none", "unconfined"]).default("none"),
  pin: pin.optional(),
});

const httpEntry = z.strictObject({
  ...common,
  type: z.enum(["http", "streamable-http", "sse"]).default("http"),
  url: z.string().max(2_048).refine(isHttpsOrLoopback, "must be https, or http to a loopback host"),
  headers: z
    .record(z.string().regex(HEADER_NAME), plainValue)
    .default({})
    .refine(
      holdsNoSecret,
      "holds what looks like a secret; store it in the vault and name it in `credentials`",
    ),
  oauth: z
    .strictObject({
      /** The only authorization server that is accepted; where it is missing, the one that the server names. */
      issuer: z
        .string()
        .max(2_048)
        .refine(isHttpsOrLoopback, "must be https, or http to a loopback host")
        .optional(),
      /** A client that was registered by hand; its secret, if any, is the credential `client_secret`. */
      clientId: z.string().min(1).max(512).optional(),
      scope: z.string().max(1_024).optional(),
      /** Address of a client ID metadata document that the operator publishes. */
      clientMetadataUrl: z.string().max(2_048).startsWith("https://").optional(),
    })
    .optional(),
});

export const mcpFileSchema = z.strictObject({
  mcpServers: z
    .record(
      z.string().regex(MCP_SERVER_NAME, "a server's name is a-z, 0-9 and -"),
      z.union([stdioEntry, httpEntry]),
    )
    .default({})
    .refine(
      (servers) => Object.keys(servers).length <= MCP_SERVERS_MAX,
      `at most ${MCP_SERVERS_MAX} servers`,
    ),
});

/** The file after defaults. */
export type McpFile = z.infer<typeof mcpFileSchema>;
export type McpStdioEntry = z.infer<typeof stdioEntry>;
export type McpHttpEntry = z.infer<typeof httpEntry>;
export type McpEntry = McpStdioEntry | McpHttpEntry;
export type McpLimits = z.infer<typeof limits>;
export type McpPin = z.infer<typeof pin>;

/** What an operator lets in with a program, in canonical text: its command line and everything that it is given. */
export function entryText(entry: McpStdioEntry): string {
  const { command, args, env, credentials: names, read, write, hosts, network } = entry;
  return canonicalJson({ command, args, env, credentials: names, read, write, hosts, network });
}

/** True for a server that is a program of this computer. */
export function isStdio(entry: McpEntry): entry is McpStdioEntry {
  return "command" in entry;
}

function isPlainPath(text: string): boolean {
  return !text.includes("\0") && text.split("/").every((part) => part !== "." && part !== "..");
}

function holdsNoSecret(values: Readonly<Record<string, string>>): boolean {
  return Object.entries(values).every(([name, value]) => value === "" || !SECRET_NAME.test(name));
}
