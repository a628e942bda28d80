/** What the MCP proxy is handed: the servers, and for each the credentials that its entry names, no others. */
import { join } from "node:path";
import type { Config } from "#contracts/config.ts";
import type { Fault } from "#contracts/fault.ts";
import type { McpFile } from "#contracts/mcp-config.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import type { DataPaths } from "#host/paths.ts";
import type { Vault } from "#vault/vault.ts";
import { copyScope, textValue } from "./copied-scope.ts";
import { handAuthorities, wayOut } from "./way-out.ts";

export interface McpFacts {
  readonly paths: DataPaths;
  readonly config: Config;
  readonly servers: McpFile;
}

/** Adds the proxy's values to `handoff`. A credential that the vault lacks is left out: the proxy refuses that server. */
export function fillMcpProxy(
  vault: Vault | undefined,
  { paths, config, servers }: McpFacts,
  handoff: Map<string, SecretBytes>,
): Result<void, Fault> {
  handoff.set("servers", textValue(JSON.stringify(servers)));
  handoff.set("servers-folder", textValue(join(paths.root, "mcp")));
  handoff.set("data-dir", textValue(paths.root));
  handoff.set("required", textValue(config.confinement === "required" ? "1" : "0"));
  const way = wayOut(config.network, paths.root);
  if (!way.ok) return way;
  if (way.value.proxy !== "") handoff.set("proxy", textValue(way.value.proxy));
  const kept = handAuthorities(paths.trust, way.value.authorities, handoff);
  if (!kept.ok) return kept;
  for (const [server, entry] of Object.entries(servers.mcpServers)) {
    if (entry.disabled) continue;
    const named = new Set(Object.values(entry.credentials));
    const copied = copyScope(vault, `mcp/${server}`, (name, value) => {
      if (named.has(name)) handoff.set(`secret:${server}/${name}`, value);
      else value[Symbol.dispose]();
    });
    if (!copied.ok) return copied;
  }
  return ok(undefined);
}
