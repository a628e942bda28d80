/**
 * `config.json` as the running gateway sees it: read once, replaced as a whole, every change a row. The file is written
 * before the row, so that a row never announces what the next start would not find.
 */
import { hash } from "node:crypto";
import { type Config, configSchema } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { GATEWAY_LANE } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import { ok, type Result } from "#contracts/result.ts";
import { readFileBounded } from "#host/files.ts";
import { replaceFile } from "./in-place.ts";

const CONFIG_BYTES_MAX = 1_048_576;

/** Reads and checks the file; a missing one is the default configuration. */
export function readConfig(path: string): Result<Config, Fault> {
  const bytes = readFileBounded(path, CONFIG_BYTES_MAX);
  if (!bytes.ok) return bytes.error.code === "not_found" ? ok(configSchema.parse({})) : bytes;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.value));
  } catch {
    return fail("config", "config.json is not JSON", { hint: "mend or remove the file" });
  }
  return parseConfig(value);
}

/** Checks a whole configuration. Its message names the first member that is wrong, never its value. */
export function parseConfig(value: unknown): Result<Config, Fault> {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  const where =
    issue === undefined ? "" : ` at ${issue.path.map(String).join(".") || "its top"}: ${issue.message}`;
  return fail("config", `the configuration is wrong${where}`);
}

export class Configuration {
  readonly #path: string;
  readonly #journal: Journal;
  #config: Config;

  constructor(path: string, journal: Journal, config: Config) {
    this.#path = path;
    this.#journal = journal;
    this.#config = config;
  }

  get current(): Config {
    return this.#config;
  }

  /** Replaces the configuration. Returns the top-level keys that changed. */
  async replace(value: unknown, by: string): Promise<Result<readonly string[], Fault>> {
    const next = parseConfig(value);
    if (!next.ok) return next;
    const changed = changedKeys(this.#config, next.value);
    if (changed.length === 0) return ok(changed);
    const text = `${JSON.stringify(next.value, null, 2)}\n`;
    const written = replaceFile(this.#path, new TextEncoder().encode(text));
    if (!written.ok) return written;
    this.#config = next.value;
    await this.#journal.append([
      {
        session: GATEWAY_LANE,
        kind: "config_changed",
        trust: "user",
        payload: { keys: [...changed], by, sha256: hash("sha256", text, "hex") },
        content: { config: text },
      },
    ]);
    return ok(changed);
  }
}

function changedKeys(before: Config, after: Config): readonly string[] {
  const old = new Map<string, unknown>(Object.entries(before));
  const now = new Map<string, unknown>(Object.entries(after));
  return [...new Set([...old.keys(), ...now.keys()])].filter(
    (key) => JSON.stringify(old.get(key)) !== JSON.stringify(now.get(key)),
  );
}
