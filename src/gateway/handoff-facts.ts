/** The gateway's hand-off, parsed once (contracts/handoff.ts). A wrong or missing value stops the start. */
import { PEER_ROLES, type RegisteredPeer } from "#contracts/frame.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { isJsonObject } from "#contracts/json.ts";
import { ok, type Result } from "#contracts/result.ts";
import { handedText } from "#contracts/role.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import { certificatesIn } from "#host/outbound-fetch.ts";
import { SigningKey } from "#ipc/keys.ts";

export interface GatewayHandoff {
  readonly dataDir: string;
  readonly key: SigningKey;
  readonly registry: readonly RegisteredPeer[];
  /** Who the program runs as, for people. */
  readonly userName: string;
  readonly ephemeral: boolean;
  /** These keys have signed no log yet: one that is there is archived. */
  readonly logBegins: boolean;
  readonly acceptState: boolean;
  readonly acceptTail: boolean;
  readonly webchatPort: number;
  readonly consolePort: number;
  readonly executableSha256: string;
  /** Certificates of further authorities, as PEM. */
  readonly authorities: readonly string[];
}

/** Parses everything but the provider keys. */
export function parseGatewayHandoff(
  handoff: ReadonlyMap<string, SecretBytes>,
): Result<GatewayHandoff, Fault> {
  const text = (name: string): string => handedText(handoff, name) ?? "";
  const seed = handoff.get("gateway-seed");
  const key = seed === undefined ? undefined : SigningKey.fromSeed(seed);
  const registry = parseRegistry(text("registry"));
  const ports = [Number(text("webchat-port")), Number(text("console-port"))] as const;
  const isWhole = ports.every((port) => Number.isInteger(port) && port >= 0 && port <= 65_535);
  const dataDir = text("data-dir");
  if (key?.ok !== true || registry === undefined || !isWhole || !dataDir.startsWith("/")) {
    return fail("config", "the gateway's hand-off is incomplete", { reason: "handoff" });
  }
  return ok({
    dataDir,
    key: key.value,
    registry,
    userName: text("user-name"),
    ephemeral: text("ephemeral") === "1",
    logBegins: text("log-begins") === "1",
    acceptState: text("accept-state") === "1",
    acceptTail: text("accept-tail") === "1",
    webchatPort: ports[0],
    consolePort: ports[1],
    executableSha256: text("executable-sha256"),
    authorities: certificatesIn(text("authorities")),
  });
}

function parseRegistry(text: string): readonly RegisteredPeer[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const peers = value.flatMap(peerOf);
  return peers.length === value.length ? peers : undefined;
}

function peerOf(value: unknown): readonly RegisteredPeer[] {
  if (!isJsonObject(value)) return [];
  const { peerId, channel, instance, publicKey } = value;
  const role = PEER_ROLES.find((known) => known === value["role"]);
  if (role === undefined || typeof peerId !== "string" || typeof channel !== "string") return [];
  if (typeof instance !== "string" || typeof publicKey !== "string") return [];
  return [{ peerId, role, channel, instance, publicKey }];
}
