/** The proxy's hand-off, parsed once (contracts/handoff.ts). */
import { type Fault, fail } from "#contracts/fault.ts";
import type { McpFile } from "#contracts/mcp-config.ts";
import { type Result, ok } from "#contracts/result.ts";
import { handedText } from "#contracts/role.ts";
import type { NamedSecret } from "#contracts/scrubber.ts";
import { type SecretBytes, SecretString } from "#contracts/secret.ts";
import { parseMcpText } from "#host/mcp-file.ts";
import type { Self } from "#host/self.ts";
import { PublicKey, SigningKey } from "#ipc/keys.ts";

type Entries = ReadonlyMap<string, SecretBytes>;

export interface ProxyFacts {
  readonly peerId: string;
  readonly key: SigningKey;
  readonly gatewayKey: PublicKey;
  readonly file: McpFile;
  readonly serversFolder: string;
  readonly dataRoot: string;
  readonly required: boolean;
  readonly stateFolder: string;
  readonly stateKey: SecretBytes;
  /** Credentials of each server by name of the vault's entry. */
  readonly secretsOf: (server: string) => ReadonlyMap<string, SecretBytes>;
  /** Copies of all of them, for what must not let them through. */
  readonly credentials: () => readonly NamedSecret[];
  /** How our own executable is started again; in tests another entry. */
  readonly self?: Self;
  readonly proxy: string;
  readonly authorities: string;
}

const SECRET = "secret:";

/** Parses everything. A wrong or missing value stops the start. */
export function parseProxyHandoff(handoff: Entries): Result<ProxyFacts, Fault> {
  const text = (name: string): string => handedText(handoff, name) ?? "";
  const seed = handoff.get("peer-seed");
  const key = seed === undefined ? undefined : SigningKey.fromSeed(seed);
  const gatewayKey = handoff.get("gateway-key")?.use((bytes) => PublicKey.parse(bytes));
  const stateKey = handoff.get("state-key");
  const dataRoot = text("data-dir");
  const isWhole = dataRoot.startsWith("/") && text("servers-folder").startsWith("/");
  if (key?.ok !== true || gatewayKey?.ok !== true || stateKey === undefined || !isWhole) {
    return fail("config", "the MCP proxy's hand-off is incomplete", { reason: "handoff" });
  }
  const file = parseMcpText(text("servers"), dataRoot);
  if (!file.ok) return file;
  return ok({
    peerId: text("peer-id"),
    key: key.value,
    gatewayKey: gatewayKey.value,
    file: file.value,
    serversFolder: text("servers-folder"),
    dataRoot,
    required: text("required") === "1",
    stateFolder: text("state-folder"),
    stateKey,
    secretsOf: (server) => secretsOf(handoff, server),
    credentials: () => credentialsIn(handoff),
    proxy: text("proxy"),
    authorities: text("authorities"),
  });
}

function credentialsIn(handoff: Entries): readonly NamedSecret[] {
  return [...handoff].flatMap(([name, value]) =>
    name.startsWith(SECRET)
      ? [{ name: name.slice(SECRET.length), secret: value.use((bytes) => SecretString.take(bytes.slice())) }]
      : [],
  );
}

function secretsOf(handoff: Entries, server: string): ReadonlyMap<string, SecretBytes> {
  const prefix = `${SECRET}${server}/`;
  return new Map(
    [...handoff].flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [],
    ),
  );
}
