/** What the MCP proxy is handed: credentials that mcp.json names, each under its server's name, and nothing else. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configSchema } from "#contracts/config.ts";
import { mayHandOff } from "#contracts/handoff.ts";
import { mcpFileSchema } from "#contracts/mcp-config.ts";
import { handedText } from "#contracts/role.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { ensureFolder } from "#host/files.ts";
import { dataPaths } from "#host/paths.ts";
import { systemClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import { memoryKeychain } from "#vault/keychain.ts";
import { Vault } from "#vault/vault.ts";
import { fillMcpProxy } from "./mcp-handoff.ts";

const bytes = (text: string): SecretBytes => SecretBytes.take(new TextEncoder().encode(text));

test("fillMcpProxy hands over what the entries name, and no other secret of the vault", async () => {
  const root = mkdtempSync(join(tmpdir(), "wk-mh-"));
  const paths = dataPaths(root);
  ensureFolder(paths.vaultFolder);
  const options = { path: paths.vaultDb, clock: systemClock, random: systemRandom };
  const made = await Vault.create(options, { kind: "keychain", keychain: memoryKeychain() });
  if (!made.ok) throw new Error(made.error.message);
  using vault = made.value;
  const put = (scope: string, name: string, value: string) =>
    vault.put({ scope, name, kind: "token", value: bytes(value) });
  put("mcp/files", "token", "canary-files");
  put("mcp/files", "unnamed", "canary-unnamed");
  put("mcp/gone", "token", "canary-gone");
  put("mcp/off", "token", "canary-off");
  put("provider", "openai", "canary-provider");
  put("channel/telegram", "token", "canary-telegram");
  const credentials = { TOKEN: "token" };
  const servers = mcpFileSchema.parse({
    mcpServers: {
      files: { command: "server", credentials },
      poor: { command: "server", credentials },
      off: { command: "server", credentials, disabled: true },
    },
  });
  const handoff = new Map<string, SecretBytes>();
  const facts = { paths, config: configSchema.parse({ confinement: "required" }), servers };
  expect(fillMcpProxy(vault, facts, handoff)).toEqual({ ok: true, value: undefined });
  const canaries = [...handoff].filter(([name]) => handedText(handoff, name)?.includes("canary"));
  expect(canaries.map(([name]) => [name, handedText(handoff, name)])).toEqual([
    ["secret:files/token", "canary-files"],
  ]);
  expect(handedText(handoff, "required")).toBe("1");
  expect(mcpFileSchema.parse(JSON.parse(handedText(handoff, "servers") ?? ""))).toEqual(servers);
  for (const name of handoff.keys()) expect(mayHandOff("mcp-proxy", name)).toBe(true);
  for (const name of ["provider:openai", "seed:log", "gateway-seed"])
    expect(mayHandOff("mcp-proxy", name)).toBe(false);
  rmSync(root, { recursive: true });
});
