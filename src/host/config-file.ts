/**
 * Reads `config.json`, for every role that needs it. A missing or empty file is the default configuration; anything
 * else that does not fit stops whoever reads it. Messages name where it breaks, never a value.
 */
import { type Config, configSchema } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { readFileBounded } from "./files.ts";

const CONFIG_BYTES_MAX = 1_048_576;
const MEND = { hint: "mend the file, or move it away to begin with defaults" } as const;

/** The configuration at `path`. Faults: `config`, or the system's refusal to read the file. */
export function readConfigFile(path: string): Result<Config, Fault> {
  const bytes = readFileBounded(path, CONFIG_BYTES_MAX);
  if (!bytes.ok) return bytes.error.code === "not_found" ? parseConfigText("") : bytes;
  try {
    return parseConfigText(new TextDecoder("utf-8", { fatal: true }).decode(bytes.value));
  } catch {
    return fail("config", "config.json is not UTF-8 text", MEND);
  }
}

/** Parses the text of a configuration file. */
export function parseConfigText(text: string): Result<Config, Fault> {
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    return fail("config", "config.json is not JSON", MEND);
  }
  return parseConfig(value);
}

/** Checks a whole configuration against its schema. */
export function parseConfig(value: unknown): Result<Config, Fault> {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  const path = issue?.path.filter((part) => /^[\w:.-]{1,64}$/.test(String(part))).join(".") ?? "";
  const where =
    issue === undefined ? "" : ` at ${path === "" ? "its top" : path}: ${issue.message.toLowerCase()}`;
  return fail("config", `config.json does not fit its schema${where}`, MEND);
}
