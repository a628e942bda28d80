/** What is kept of one server's login, sealed in the proxy's own folder (docs/formats/state.md): tokens above all. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { OAuthDiscoveryState } from "@modelcontextprotocol/sdk/client/auth.js";
import {
  type OAuthClientInformationMixed,
  type OAuthTokens,
  OAuthTokensSchema,
} from "@modelcontextprotocol/sdk/shared/auth.js";
import { type Fault, fail } from "#contracts/fault.ts";
import { isJsonObject } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import { readFileBounded, writeFileAtomic } from "#host/files.ts";
import type { Seal } from "#runtime/state-seal.ts";

const BYTES_MAX = 262_144;

export interface OAuthRecord {
  readonly client?: OAuthClientInformationMixed;
  readonly tokens?: OAuthTokens;
  /** Which authorization server gave them: a refresh token goes nowhere else. */
  readonly discovery?: OAuthDiscoveryState;
}

export interface OAuthMemory {
  /** Empty where there is nothing, or nothing that can be opened: then a person logs in again. */
  load(): OAuthRecord;
  /** On the disk when it returns ok. */
  save(record: OAuthRecord): Result<void, Fault>;
}

/** The memory of a server in `folder`. */
export function sealedMemory(folder: string, server: string, seal: Seal): OAuthMemory {
  const name = `oauth-${server}`;
  const path = join(folder, `${name}.sealed`);
  return {
    load: () => {
      const read = readFileBounded(path, BYTES_MAX);
      const opened = read.ok ? seal.open(name, read.value) : undefined;
      return opened?.ok === true ? recordOf(new TextDecoder().decode(opened.value)) : {};
    },
    save: (record) => {
      if (Object.keys(record).length === 0) {
        rmSync(path, { force: true });
        return ok(undefined);
      }
      const plain = new TextEncoder().encode(JSON.stringify(record));
      if (plain.byteLength > BYTES_MAX) return fail("limit", "what a login gave is too large to be kept");
      const sealed = seal.close(name, plain);
      plain.fill(0);
      return writeFileAtomic(path, sealed);
    },
  };
}

/** Our own words, sealed: only their outline is checked. */
function recordOf(text: string): OAuthRecord {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value)) return {};
    const { client, discovery } = value;
    const tokens = OAuthTokensSchema.safeParse(value["tokens"]);
    const id = client !== undefined && isJsonObject(client) ? client["client_id"] : undefined;
    const from =
      discovery !== undefined && isJsonObject(discovery) ? discovery["authorizationServerUrl"] : undefined;
    return {
      ...(typeof id === "string"
        ? { client: { ...(isJsonObject(client) ? client : {}), client_id: id } }
        : {}),
      ...(tokens.success ? { tokens: tokens.data } : {}),
      ...(typeof from === "string" ? { discovery: { authorizationServerUrl: from } } : {}),
    };
  } catch {
    return {};
  }
}
