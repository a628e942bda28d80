/**
 * What each role is handed (contracts/handoff.ts): exactly its own secrets, read from the vault when it
 * starts and zeroed once they were handed over. Provider keys go to the gateway alone, signing keys to the
 * signer alone, a channel's credentials to its adapter alone.
 */
import type { PlannedRole } from "#confine/role-plans.ts";
import { needsOf } from "#contracts/channel-needs.ts";
import type { Config } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import type { RegisteredPeer } from "#contracts/frame.ts";
import { mayHandOff } from "#contracts/handoff.ts";
import type { McpFile } from "#contracts/mcp-config.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { TOOL_SCOPE } from "#contracts/tool-credential.ts";
import { configuredAuthorities } from "#host/outbound-fetch.ts";
import type { DataPaths } from "#host/paths.ts";
import { SigningKey } from "#ipc/keys.ts";
import type { Vault } from "#vault/vault.ts";
import { type WayOut, handAuthorities, wayOut } from "./way-out.ts";
import { judgeApiBase } from "./api-base.ts";
import { userName } from "#host/user-name.ts";
import { acceptedState, flagOpening, logBegins } from "./log-opening.ts";
import { SEED, copyScope, textValue } from "./copied-scope.ts";
import { fillMcpProxy } from "./mcp-handoff.ts";
import { nameOf, peerRoleOf, scopeOf } from "./roster.ts";
import { type RunSecrets, copyOf } from "./run-secrets.ts";

export type Handoff = Map<string, SecretBytes>;

export interface HandoffFacts {
  readonly paths: DataPaths;
  readonly config: Config;
  /** mcp.json as it was read for this start. */
  readonly servers: McpFile;
  readonly webchatPort: number;
  readonly consolePort: number;
  readonly executableSha256: string;
  /** True where no launch stub dials the gateway for its peers. */
  readonly peersDial: boolean;
  /** True: signing keys and state keys live for this run. */
  readonly ephemeral: boolean;
  readonly secrets: RunSecrets;
  /** Every peer that may connect, for the gateway. */
  readonly registry: readonly RegisteredPeer[];
}

const PEER_SEED = "peer-seed";
const SEED_BYTES = 32;

/**
 * Builds a role's hand-off. `vault`: undefined where there is none. The caller disposes it with
 * `disposeHandoff`.
 */
export function buildHandoff(
  role: PlannedRole,
  vault: Vault | undefined,
  facts: HandoffFacts,
): Result<Handoff, Fault> {
  const handoff: Handoff = new Map();
  const filled = fill(role, vault, facts, handoff);
  const surplus = [...handoff.keys()].find((name) => !mayHandOff(role.kind, name));
  if (filled.ok && surplus === undefined) return ok(handoff);
  disposeHandoff(handoff);
  return filled.ok ? fail("internal", "a hand-off holds a name outside its plan") : filled;
}

export function disposeHandoff(handoff: Handoff): void {
  for (const value of handoff.values()) value[Symbol.dispose]();
  handoff.clear();
}

/** What the gateway must know of a peer before it may connect. */
export function registrationOf(
  role: PlannedRole,
  vault: Vault | undefined,
  facts: Pick<HandoffFacts, "secrets" | "ephemeral">,
): Result<RegisteredPeer, Fault> {
  const peerRole = peerRoleOf(role.kind);
  if (peerRole === undefined) throw new Error("the gateway is no peer");
  const needs = checkNeeds(role, vault);
  if (!needs.ok) return needs;
  const seed = peerSeed(role, vault, facts);
  if (!seed.ok) return seed;
  using owned = seed.value;
  const key = SigningKey.fromSeed(owned);
  if (!key.ok) return fail("internal", "a handshake key could not be made");
  const adapter = role.kind === "adapter" ? role : { channel: "", instance: "" };
  return ok({
    peerId: nameOf(role),
    role: peerRole,
    channel: adapter.channel,
    instance: adapter.instance,
    publicKey: key.value.publicKey.hex,
  });
}

function fill(
  role: PlannedRole,
  vault: Vault | undefined,
  facts: HandoffFacts,
  handoff: Handoff,
): Result<void, Fault> {
  if (role.kind === "gateway") return fillGateway(vault, facts, handoff);
  const peer = fillPeer(role, vault, facts, handoff);
  if (!peer.ok) return peer;
  switch (role.kind) {
    case "signer":
      return fillSigner(vault, facts, handoff);
    case "console":
      handoff.set("port", textValue(String(facts.consolePort)));
      handoff.set("origins", textValue(JSON.stringify(facts.config.pages.origins)));
      return ok(undefined);
    case "adapter":
      return fillAdapter(role, vault, facts, handoff);
    case "mcp-proxy":
      return fillMcpProxy(vault, facts, handoff);
  }
}

function fillGateway(vault: Vault | undefined, facts: HandoffFacts, handoff: Handoff): Result<void, Fault> {
  handoff.set("data-dir", textValue(facts.paths.root));
  handoff.set("gateway-seed", facts.secrets.copy("gateway-seed"));
  handoff.set("registry", textValue(JSON.stringify(facts.registry)));
  handoff.set("ephemeral", textValue(facts.ephemeral ? "1" : "0"));
  const accepted = flagOpening(vault, facts.ephemeral, handoff);
  if (!accepted.ok) return accepted;
  handoff.set("webchat-port", textValue(String(facts.webchatPort)));
  handoff.set("console-port", textValue(String(facts.consolePort)));
  handoff.set("executable-sha256", textValue(facts.executableSha256));
  // The gateway writes config.json and may read little: of a file that it names it gets the certificates alone.
  const authorities = configuredAuthorities(facts.config.network);
  if (!authorities.ok) return authorities;
  const kept = handAuthorities(facts.paths.trust, authorities.value.join("\n"), handoff);
  if (!kept.ok) return kept;
  handoff.set("user-name", textValue(userName()));
  for (const scope of ["provider", TOOL_SCOPE]) {
    const copied = copyScope(vault, scope, (name, value, origins) => {
      handoff.set(`${scope}:${name}`, value);
      handoff.set(`${scope}-origins:${name}`, textValue(JSON.stringify(origins)));
    });
    if (!copied.ok) return copied;
  }
  return ok(undefined);
}

function fillPeer(
  role: Exclude<PlannedRole, { kind: "gateway" }>,
  vault: Vault | undefined,
  facts: HandoffFacts,
  handoff: Handoff,
): Result<void, Fault> {
  const name = nameOf(role);
  const seed = peerSeed(role, vault, facts);
  if (!seed.ok) return seed;
  handoff.set(PEER_SEED, seed.value);
  using gatewaySeed = facts.secrets.copy("gateway-seed");
  const gatewayKey = SigningKey.fromSeed(gatewaySeed);
  if (!gatewayKey.ok) return fail("internal", "the gateway's handshake key could not be made");
  if (facts.peersDial) handoff.set("gateway-socket", textValue(facts.paths.gatewaySocket));
  handoff.set("peer-id", textValue(name));
  handoff.set("gateway-key", SecretBytes.take(gatewayKey.value.publicKey.bytes));
  handoff.set("state-folder", textValue(facts.paths.state(name)));
  const state = stateKey(role, vault, facts);
  if (!state.ok) return state;
  handoff.set("state-key", state.value);
  return ok(undefined);
}

function fillSigner(vault: Vault | undefined, facts: HandoffFacts, handoff: Handoff): Result<void, Fault> {
  handoff.set("ephemeral", textValue(facts.ephemeral ? "1" : "0"));
  const begins = logBegins(vault, facts.ephemeral);
  if (!begins.ok) return begins;
  handoff.set("log-begins", textValue(begins.value ? "1" : "0"));
  const accepted = acceptedState(vault, facts.ephemeral);
  if (!accepted.ok) return accepted;
  if (accepted.value !== undefined) handoff.set("accept-state", accepted.value);
  for (const holder of ["log", ...Object.keys(facts.config.agents).map((agent) => `agent:${agent}`)]) {
    if (facts.ephemeral || vault === undefined) {
      handoff.set(`seed:${holder}`, facts.secrets.copy(`sign/${holder}`));
      continue;
    }
    const seed = keptSeed(vault, "sign", holder);
    if (!seed.ok) return seed;
    handoff.set(`seed:${holder}`, seed.value);
  }
  return ok(undefined);
}

function fillAdapter(
  role: Extract<PlannedRole, { kind: "adapter" }>,
  vault: Vault | undefined,
  facts: HandoffFacts,
  handoff: Handoff,
): Result<void, Fault> {
  const needs = checkNeeds(role, vault);
  if (!needs.ok) return needs;
  handoff.set("channel", textValue(role.channel));
  handoff.set("spool-folder", textValue(facts.paths.spool(role.instance)));
  const isPage = needsOf(role.channel).reach === "page";
  if (isPage) {
    handoff.set("port", textValue(String(facts.webchatPort)));
    handoff.set("origins", textValue(JSON.stringify(facts.config.pages.origins)));
  }
  const { api_base: apiBase, template } = facts.config.channels[role.instance] ?? {};
  if (template !== undefined) handoff.set("template", textValue(template));
  if (apiBase !== undefined) handoff.set("api-base", textValue(apiBase));
  if (role.webhookPort !== undefined) handoff.set("port", textValue(String(role.webhookPort)));
  const way = isPage ? NO_WAY_OUT : wayOut(facts.config.network, facts.paths.root);
  if (!way.ok) return way;
  if (way.value.proxy !== "") handoff.set("proxy", textValue(way.value.proxy));
  const kept = handAuthorities(facts.paths.trust, way.value.authorities, handoff);
  if (!kept.ok) return kept;
  const judged: Result<void, Fault>[] = [];
  const copied = copyScope(vault, scopeOf(role), (name, value, origins) => {
    judged.push(judgeApiBase(apiBase, origins));
    handoff.set(`secret:${name}`, value);
  });
  return copied.ok ? (judged.find((each) => !each.ok) ?? copied) : copied;
}

const NO_WAY_OUT: Result<WayOut, Fault> = ok({ proxy: "", authorities: "" });

/** An adapter that lacks a credential is not started: `not_found` with reason `no_credential`. */
function checkNeeds(role: PlannedRole, vault: Vault | undefined): Result<void, Fault> {
  if (role.kind !== "adapter") return ok(undefined);
  for (const name of needsOf(role.channel).credentials) {
    const has = vault === undefined ? ok(false) : vault.has(scopeOf(role), name);
    if (!has.ok) return has;
    if (!has.value) {
      return fail("not_found", "the vault does not hold the channel's credential", {
        reason: "no_credential",
        hint: "wirken channel add stores it",
      });
    }
  }
  return ok(undefined);
}

/** An adapter's handshake key is kept with its credentials; signer's and console's are made at each start. */
function peerSeed(
  role: PlannedRole,
  vault: Vault | undefined,
  facts: Pick<HandoffFacts, "secrets" | "ephemeral">,
): Result<SecretBytes, Fault> {
  const kept = role.kind === "adapter" && vault !== undefined && !livesForRun(role, facts);
  return kept ? keptSeed(vault, scopeOf(role), PEER_SEED) : ok(facts.secrets.copy(`peer/${nameOf(role)}`));
}

function stateKey(
  role: PlannedRole,
  vault: Vault | undefined,
  facts: Pick<HandoffFacts, "secrets" | "ephemeral">,
): Result<SecretBytes, Fault> {
  if (vault === undefined || livesForRun(role, facts)) return ok(facts.secrets.copy(`state/${nameOf(role)}`));
  return vault.stateKey(scopeOf(role), copyOf);
}

/**
 * A run that began without a vault goes on with its own keys, also when one is made meanwhile: keys do not
 * change under a log. A channel with credentials came with the vault, so its keys are the vault's.
 */
function livesForRun(role: PlannedRole, facts: Pick<HandoffFacts, "ephemeral">): boolean {
  return facts.ephemeral && !(role.kind === "adapter" && needsOf(role.channel).credentials.length > 0);
}

function keptSeed(vault: Vault, scope: string, name: string): Result<SecretBytes, Fault> {
  const made = vault.ensureRandom(scope, name, SEED, SEED_BYTES);
  return made.ok ? vault.use(scope, name, copyOf) : made;
}
