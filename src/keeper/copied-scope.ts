/** Copies of what lies in one scope of the vault, for the hand-off of the role that uses it. */
import type { Fault } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { TOOL_SCOPE } from "#contracts/tool-credential.ts";
import type { Vault } from "#vault/vault.ts";
import { copyOf } from "./run-secrets.ts";

/** Kind of the program's own seeds: no credentials. */
export const SEED = "seed";

/** Copies every credential of a scope. `vault`: undefined where there is none. */
export function copyScope(
  vault: Vault | undefined,
  scope: string,
  put: (name: string, value: SecretBytes, origins: readonly string[]) => void,
): Result<void, Fault> {
  if (vault === undefined) return ok(undefined);
  const list = vault.list();
  if (!list.ok) return list;
  for (const info of list.value) {
    if (info.scope !== scope || info.kind === SEED) continue;
    const value = vault.use(scope, info.name, copyOf);
    // What the gateway uses and ran out is as good as none: it must start without it and say so.
    const isGateways = scope === "provider" || scope === TOOL_SCOPE;
    if (!value.ok && value.error.reason === "expired" && isGateways) continue;
    if (!value.ok) return value;
    put(info.name, value.value, info.origins);
  }
  return ok(undefined);
}

/** Text as a value of a hand-off. */
export function textValue(value: string): SecretBytes {
  return SecretBytes.take(new TextEncoder().encode(value));
}
