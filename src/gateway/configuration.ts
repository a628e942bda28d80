/**
 * `config.json` as the running gateway sees it: read once, replaced as a whole, every change a row. The file is written
 * before the row, so that a row never announces what the next start would not find.
 */
import { hash } from "node:crypto";
import type { Config } from "#contracts/config.ts";
import type { Fault } from "#contracts/fault.ts";
import { GATEWAY_LANE } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import { ok, type Result } from "#contracts/result.ts";
import { parseConfig } from "#host/config-file.ts";
import { replaceFile } from "./in-place.ts";

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
