/**
 * Models of the configuration, with keys from the hand-off. A key goes to the origins it was stored for and
 * nowhere else.
 */
import { buildModel, PROVIDER_TRAITS, whereOf } from "#agent/models/catalog.ts";
import type { Model } from "#agent/models/model.ts";
import type { Config, ModelChoice } from "#contracts/config.ts";
import type { Fault } from "#contracts/fault.ts";
import type { AgentId } from "#contracts/ids.ts";
import { isJsonArray, type Json } from "#contracts/json.ts";
import type { Result } from "#contracts/result.ts";
import { Scrubber } from "#contracts/scrubber.ts";
import { type SecretBytes, SecretString } from "#contracts/secret.ts";
import { mergeProfiles, type Profile } from "#policy/profile.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import type { ToolCredentials } from "#tools/tool-credential.ts";

export interface ProviderKey {
  readonly secret: SecretString;
  readonly allowedOrigins: readonly string[];
}

/** Takes the provider keys out of the hand-off; the caller disposes them. */
export function providerKeys(handoff: ReadonlyMap<string, SecretBytes>): ReadonlyMap<string, ProviderKey> {
  const keys = new Map<string, ProviderKey>();
  for (const [name, value] of handoff) {
    if (!name.startsWith("provider:")) continue;
    const provider = name.slice("provider:".length);
    const origins = handoff.get(`provider-origins:${provider}`);
    const secret = value.use((bytes) => SecretString.take(bytes.slice()));
    keys.set(provider, { secret, allowedOrigins: origins === undefined ? [] : originsOf(origins) });
  }
  return keys;
}

/** Finds every provider key and credential of tools in whatever comes back to this process. The caller disposes it. */
export function keyScrubber(keys: ReadonlyMap<string, ProviderKey>, credentials: ToolCredentials): Scrubber {
  return new Scrubber([
    ...[...keys].map(([provider, { secret }]) => ({ name: `provider:${provider}`, secret })),
    ...[...credentials].map(([name, { edge }]) => ({ name: `tool:${name}`, secret: edge.secret })),
  ]);
}

export interface ProviderPorts {
  readonly keys: ReadonlyMap<string, ProviderKey>;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly clock: Clock;
  readonly random: Random;
  readonly config: () => Config;
  readonly scrubber: Scrubber;
}

export class Providers {
  readonly #ports: ProviderPorts;

  constructor(ports: ProviderPorts) {
    this.#ports = ports;
  }

  /** The model choice of an agent. */
  choiceOf(agent: AgentId): ModelChoice {
    const config = this.#ports.config();
    return config.agents[agent]?.model ?? config.model;
  }

  modelOf(agent: AgentId): Result<Model, Fault> {
    const choice = this.choiceOf(agent);
    const { keyName } = PROVIDER_TRAITS[choice.provider];
    const key = keyName === "" ? undefined : this.#ports.keys.get(keyName);
    const { fetch, clock, random, scrubber } = this.#ports;
    const redact = (text: string): string => scrubber.text(text, new Map());
    return buildModel(choice, { fetch, clock, random, key, redact });
  }

  whereOf(agent: AgentId): string {
    return whereOf(this.choiceOf(agent));
  }

  /** The merged permission profile of an agent: organisation ∩ agent. */
  profileOf(agent: AgentId): Profile {
    const config = this.#ports.config();
    const choice = this.choiceOf(agent);
    const where = whereOf(choice);
    const isLocal = where === "this computer" || choice.provider === "rehearsal";
    return mergeProfiles([
      {
        maxTier: 3,
        allowedHosts: config.policy.allowed_hosts.map(({ host, path_prefix }) => ({
          host,
          pathPrefix: path_prefix,
        })),
        // A model on this computer may see everything; one outside sees all but credentials.
        providers: [{ name: choice.provider, upTo: isLocal ? "credential" : "personal" }],
      },
      { maxTier: config.agents[agent]?.max_tier ?? 1 },
    ]);
  }
}

function originsOf(value: SecretBytes): readonly string[] {
  const parsed: Json = value.use((bytes) => JSON.parse(new TextDecoder().decode(bytes)));
  return isJsonArray(parsed) ? parsed.filter((origin) => typeof origin === "string") : [];
}
