/**
 * Reads `mcp.json`, for the keeper and the operator's terminal; no other role can. A missing file has no servers.
 * Messages name where it breaks, never a value.
 */
import { relative } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { MCP_FILE_BYTES_MAX, type McpFile, isStdio, mcpFileSchema } from "#contracts/mcp-config.ts";
import { type Result, ok } from "#contracts/result.ts";
import { readFileBounded } from "./files.ts";

const MEND = { hint: "mend the file, or take servers out with `wirken mcp remove`" } as const;

/** The servers at `path`. `root`: the data folder, of which no server may be given anything. */
export function readMcpFile(path: string, root: string): Result<McpFile, Fault> {
  const bytes = readFileBounded(path, MCP_FILE_BYTES_MAX);
  if (!bytes.ok) return bytes.error.code === "not_found" ? ok({ mcpServers: {} }) : bytes;
  try {
    return parseMcpText(new TextDecoder("utf-8", { fatal: true }).decode(bytes.value), root);
  } catch {
    return fail("config", "mcp.json is not UTF-8 text", MEND);
  }
}

/** Parses the text of the file. */
export function parseMcpText(text: string, root: string): Result<McpFile, Fault> {
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    return fail("config", "mcp.json is not JSON", MEND);
  }
  return parseMcp(value, root);
}

/** Checks a whole file against its schema, and its paths against the data folder `root`. */
export function parseMcp(value: unknown, root: string): Result<McpFile, Fault> {
  const parsed = mcpFileSchema.safeParse(value);
  if (!parsed.success) {
    const [first] = parsed.error.issues;
    const issue = first === undefined ? undefined : nearest(first);
    const path = issue?.path.filter((part) => /^[\w:.-]{1,64}$/.test(String(part))).join(".") ?? "";
    const where =
      issue === undefined ? "" : ` at ${path === "" ? "its top" : path}: ${issue.message.toLowerCase()}`;
    return fail("config", `mcp.json does not fit its schema${where}`, MEND);
  }
  const inside = Object.values(parsed.data.mcpServers).some(
    (entry) => isStdio(entry) && [...entry.read, ...entry.write].some((path) => touches(path, root)),
  );
  if (!inside) return ok(parsed.data);
  return fail("refused", "mcp.json gives a server a part of the data folder, or a folder around it", {
    reason: "data_folder",
    hint: "name only folders outside of it under `read` and `write`",
  });
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** An entry that fits neither shape breaks somewhere in the one that it is nearer to: that is what mends it. */
function nearest(issue: Issue & { readonly errors?: unknown }): Issue {
  if (!Array.isArray(issue.errors)) return issue;
  const branches = issue.errors.filter((each): each is Issue[] => Array.isArray(each) && each.length > 0);
  const [closest] = branches.toSorted((one, other) => one.length - other.length);
  const [inner] = closest ?? [];
  return inner === undefined ? issue : { path: [...issue.path, ...inner.path], message: inner.message };
}

function touches(path: string, root: string): boolean {
  const isBeneath = (inner: string, outer: string): boolean => {
    const way = relative(outer, inner);
    return way !== ".." && !way.startsWith("../");
  };
  return isBeneath(path, root) || isBeneath(root, path);
}
