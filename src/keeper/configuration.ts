/**
 * Reads `config.json` for what the keeper needs of it: which agents and channels there are. A missing or
 * empty file is the default configuration (issue "The spine", names that stay); anything else that does not
 * fit stops the start.
 */
import { type Config, configSchema } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { readFileBounded } from "#host/files.ts";

const CONFIG_BYTES_MAX = 1_048_576;

/** The configuration at `path`. Faults: `config`, or the system's refusal to read the file. */
export function readConfig(path: string): Result<Config, Fault> {
  const bytes = readFileBounded(path, CONFIG_BYTES_MAX);
  if (!bytes.ok) return bytes.error.code === "not_found" ? parseConfig("") : bytes;
  try {
    return parseConfig(new TextDecoder("utf-8", { fatal: true }).decode(bytes.value));
  } catch {
    return fail("config", "config.json is not UTF-8 text");
  }
}

/** Parses the text of a configuration. The message names where it breaks, never a value. */
export function parseConfig(text: string): Result<Config, Fault> {
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    return fail("config", "config.json is not JSON");
  }
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const at =
    parsed.error.issues[0]?.path.filter((part) => /^[\w:.-]{1,64}$/.test(String(part))).join(".") ?? "";
  return fail("config", `config.json is not valid${at === "" ? "" : ` at ${at}`}`, {
    hint: "wirken doctor shows what is wrong",
  });
}
