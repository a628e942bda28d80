/**
 * What an MCP server's program was when the operator let it in: its real path and hash, and those of the files that its
 * command line names (docs/mcp.md). Made on the operator's terminal, checked by the proxy before each start.
 */
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { type McpPin, type McpStdioEntry, entryText } from "#contracts/mcp-config.ts";
import { type Result, ok } from "#contracts/result.ts";
import { hashFile } from "./executable-hash.ts";

/** Files of a command line that are larger are data, not programs, and are not hashed. */
const FILE_BYTES_MAX = 64 * 1_048_576;

/** Makes the pin of an entry. `searchPath`: where a bare name is looked for, folders joined by `:`. */
export function pinProgram(entry: McpStdioEntry, searchPath: string): Result<McpPin, Fault> {
  const places = entry.command.includes("/")
    ? [entry.command]
    : searchPath.split(":").map((folder) => join(folder, entry.command));
  const command = places
    .filter((place) => place.startsWith("/"))
    .map(program)
    .find((path) => path !== undefined);
  if (command === undefined) {
    return fail("not_found", "the server's command is not a program on this computer", {
      hint: "give its absolute path",
    });
  }
  const sha256 = hashFile(command);
  if (!sha256.ok) return sha256;
  const files: Record<string, string> = {};
  for (const path of argumentFiles(entry)) {
    const hash = hashFile(path);
    if (!hash.ok) return hash;
    files[path] = hash.value;
  }
  return ok({ entry: sha256Hex(entryText(entry)), command, sha256: sha256.value, files });
}

/** Checks that everything is as it was let in. Returns the program's real path; `refused` with what differs. */
export function checkPin(entry: McpStdioEntry): Result<string, Fault> {
  const { pin } = entry;
  if (pin === undefined) return refused("not_approved", "the server's program was not let in yet");
  if (sha256Hex(entryText(entry)) !== pin.entry) {
    return refused("entry_changed", "the server's entry in mcp.json changed since it was let in");
  }
  const same = program(pin.command) === pin.command && isSame(pin.command, pin.sha256);
  if (!same) return refused("program_changed", "the server's program changed since it was let in");
  const differs = Object.entries(pin.files).some(([path, sha256]) => !isSame(path, sha256));
  if (differs)
    return refused("program_changed", "a file of the server's command line changed since it was let in");
  return ok(pin.command);
}

/** Real paths of the regular files among the arguments. */
function argumentFiles({ args }: McpStdioEntry): readonly string[] {
  return args.flatMap((word) => {
    if (!word.startsWith("/")) return [];
    try {
      const path = realpathSync(word);
      const stats = statSync(path);
      return stats.isFile() && stats.size <= FILE_BYTES_MAX ? [path] : [];
    } catch {
      return [];
    }
  });
}

function program(place: string): string | undefined {
  try {
    const path = realpathSync(place);
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}

function isSame(path: string, sha256: string): boolean {
  const hash = hashFile(path);
  return hash.ok && hash.value === sha256;
}

function sha256Hex(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

function refused(reason: string, message: string): Result<never, Fault> {
  return fail("refused", message, { reason, hint: "look at it, then `wirken mcp approve <server>`" });
}
