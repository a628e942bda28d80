/**
 * What the vault remembers about opening the log: that one was begun under its keys, and what the operator accepted on
 * the terminal (`wirken audit accept-state`, `accept-tail`). No role of the running program can write it.
 */
import type { Fault } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import type { Vault } from "#vault/vault.ts";
import { copyOf } from "./run-secrets.ts";

const SIGN = "sign";
/** Stands in the vault once a log was opened under its keys; its value means nothing. */
const LOG_BEGUN = "log-begun";
const MARK_BYTES = 16;
const ACCEPT_STATE = "accept-state";
const ACCEPT_TAIL = "accept-tail";

/** Sets the gateway's flags. `ephemeral`: keys live for one run, so nothing is remembered. */
export function flagOpening(
  vault: Vault | undefined,
  ephemeral: boolean,
  handoff: Map<string, SecretBytes>,
): Result<void, Fault> {
  const begins = logBegins(vault, ephemeral);
  if (!begins.ok) return begins;
  handoff.set("log-begins", flag(begins.value));
  for (const name of [ACCEPT_STATE, ACCEPT_TAIL]) {
    const accepted = vault?.has(SIGN, name) ?? ok(false);
    if (!accepted.ok) return accepted;
    handoff.set(name, flag(accepted.value && !ephemeral));
  }
  return ok(undefined);
}

/** True until a log that these keys sign was opened once. */
export function logBegins(vault: Vault | undefined, ephemeral: boolean): Result<boolean, Fault> {
  if (vault === undefined || ephemeral) return ok(false);
  const begun = vault.has(SIGN, LOG_BEGUN);
  return begun.ok ? ok(!begun.value) : begun;
}

/** The size and root that the operator accepted, for the signer; `undefined` when there is no such word. */
export function acceptedState(
  vault: Vault | undefined,
  ephemeral: boolean,
): Result<SecretBytes | undefined, Fault> {
  if (vault === undefined || ephemeral) return ok(undefined);
  const accepted = vault.has(SIGN, ACCEPT_STATE);
  if (!accepted.ok) return accepted;
  return accepted.value ? vault.use(SIGN, ACCEPT_STATE, copyOf) : ok(undefined);
}

/** The log was opened: it has begun, and what the operator had accepted is used up. */
export function logOpened(vault: Vault | undefined, ephemeral: boolean): Result<void, Fault> {
  if (vault === undefined || ephemeral) return ok(undefined);
  const marked = vault.ensureRandom(SIGN, LOG_BEGUN, "seed", MARK_BYTES);
  if (!marked.ok) return marked;
  for (const name of [ACCEPT_STATE, ACCEPT_TAIL]) {
    const accepted = vault.has(SIGN, name);
    if (!accepted.ok) return accepted;
    const removed = accepted.value ? vault.remove(SIGN, name) : ok(undefined);
    if (!removed.ok) return removed;
  }
  return ok(undefined);
}

function flag(value: boolean): SecretBytes {
  return SecretBytes.take(new TextEncoder().encode(value ? "1" : "0"));
}
