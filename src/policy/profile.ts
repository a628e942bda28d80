/**
 * What an agent may do at most, after organisation, agent, instance and person were merged: the narrowest
 * of all (docs: policy). A layer that says nothing about a point does not restrict it; a point that no
 * layer grants is not granted. The merged form is hashed into every `user_message` row, so it has one
 * stable JSON.
 */
import type { ActionKind, Secrecy, Tier } from "#contracts/action.ts";
import { SECRECIES } from "#contracts/action.ts";
import type { JsonObject } from "#contracts/json.ts";
import type { AllowedHost } from "#contracts/verdict.ts";

/** A model provider that may be used, and the most secret data it may see. */
export interface AllowedProvider {
  readonly name: string;
  readonly upTo: Secrecy;
}

/** One layer; a missing member leaves that point to the other layers. */
export interface ProfileLayer {
  readonly maxTier?: Tier;
  readonly allowedHosts?: readonly AllowedHost[];
  readonly providers?: readonly AllowedProvider[];
  readonly deniedKinds?: readonly ActionKind[];
}

/** The merged profile. */
export interface Profile {
  readonly maxTier: Tier;
  readonly allowedHosts: readonly AllowedHost[];
  readonly providers: readonly AllowedProvider[];
  readonly deniedKinds: readonly ActionKind[];
}

/**
 * Merges layers to what all of them allow. Order does not matter; with no layer at all nothing is granted.
 */
export function mergeProfiles(layers: readonly ProfileLayer[]): Profile {
  const tiers = layers.flatMap((layer) => (layer.maxTier === undefined ? [] : [layer.maxTier]));
  const hosts = layers.flatMap((layer) => (layer.allowedHosts === undefined ? [] : [layer.allowedHosts]));
  const providers = layers.flatMap((layer) => (layer.providers === undefined ? [] : [layer.providers]));
  const denied = new Set(layers.flatMap((layer) => layer.deniedKinds ?? []));
  return {
    maxTier: layers.length === 0 ? 1 : tiers.reduce<Tier>((least, tier) => (tier < least ? tier : least), 3),
    allowedHosts: sortedUnique(hosts.length === 0 ? [] : hosts.reduce(commonHosts), (host) => [
      host.host,
      host.pathPrefix,
    ]),
    providers: sortedUnique(providers.length === 0 ? [] : providers.reduce(commonProviders), (provider) => [
      provider.name,
      provider.upTo,
    ]),
    deniedKinds: [...denied].sort(),
  };
}

/** The merged profile as JSON whose JCS form is the same for every order of layers. */
export function profileJson(profile: Profile): JsonObject {
  return {
    max_tier: profile.maxTier,
    allowed_hosts: profile.allowedHosts.map(({ host, pathPrefix }) => ({ host, path_prefix: pathPrefix })),
    providers: profile.providers.map(({ name, upTo }) => ({ name, up_to: upTo })),
    denied_kinds: profile.deniedKinds,
  };
}

/**
 * True when `path` lies under `prefix` at a segment's border: `/a` covers `/a`, `/a/b`, `/a?q`, never
 * `/ab`.
 */
export function pathUnder(path: string, prefix: string): boolean {
  if (prefix === "" || prefix === "/") return true;
  // A server may fold dot segments and encoded slashes after we have compared: such a path is under nothing.
  if (/(^|\/)\.\.?($|[/?])|%2e|%2f|%5c|\\/i.test(path)) return false;
  if (!path.startsWith(prefix)) return false;
  const next = path.charAt(prefix.length);
  return prefix.endsWith("/") || next === "" || next === "/" || next === "?";
}

/** How secret `secrecy` is, as a number. */
export function secrecyRank(secrecy: Secrecy): number {
  return SECRECIES.indexOf(secrecy);
}

function commonHosts(a: readonly AllowedHost[], b: readonly AllowedHost[]): readonly AllowedHost[] {
  return a.flatMap((left) =>
    b.flatMap((right) => {
      if (left.host.toLowerCase() !== right.host.toLowerCase()) return [];
      if (pathUnder(left.pathPrefix, right.pathPrefix)) return [left];
      return pathUnder(right.pathPrefix, left.pathPrefix) ? [right] : [];
    }),
  );
}

function commonProviders(
  a: readonly AllowedProvider[],
  b: readonly AllowedProvider[],
): readonly AllowedProvider[] {
  return a.flatMap((left) =>
    b
      .filter((right) => right.name === left.name)
      .map((right) => (secrecyRank(left.upTo) < secrecyRank(right.upTo) ? left : right)),
  );
}

function sortedUnique<T>(items: readonly T[], keyOf: (item: T) => readonly string[]): readonly T[] {
  const byKey = new Map(items.map((item) => [JSON.stringify(keyOf(item)), item]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, item]) => item);
}
