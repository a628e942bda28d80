/** A signer in this process: the real decisions behind the real JSON bodies, without a connection. */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import type { Clock } from "#runtime/clock.ts";
import type { HeadSigner } from "#chain/head-signer.ts";
import * as protocol from "#chain/signer-protocol.ts";
import { type HolderKeys, SignerCore } from "#signer/signer-core.ts";
import { SignerMemory } from "#signer/signer-memory.ts";
import { answer } from "#signer/signer-service.ts";
import { signerCrypto } from "#signer/signer-crypto.ts";
import { SigningKey } from "#ipc/keys.ts";
import { type StateStore, memoryStateStore } from "#signer/state-store.ts";

export interface LocalSignerOptions {
  readonly clock: Clock;
  readonly fresh?: boolean;
  readonly state?: StateStore;
  /** Agents that have a key besides the log's. */
  readonly agents?: readonly string[];
  /** First byte of every seed: another number, other keys. */
  readonly seed?: number;
  readonly accepted?: { readonly size: number; readonly root: string };
}

/** Keys with fixed seeds by holder. */
export function testKeys(agents: readonly string[], seed = 1): Map<string, HolderKeys> {
  const holders = ["log", ...agents.map((agent) => `agent:${agent}`)];
  return new Map(
    holders.map((holder, index) => {
      const bytes = new Uint8Array(32).fill(index + 1);
      bytes[0] = seed;
      const current = SigningKey.fromSeed(SecretBytes.take(bytes));
      if (!current.ok) throw new Error("a test key could not be made");
      return [holder, { current: current.value, previous: undefined }];
    }),
  );
}

/** Builds a signer whose answers go through the printed bodies, as over the connection. */
export function localSigner(options: LocalSignerOptions): HeadSigner {
  const crypto = signerCrypto();
  const memory = SignerMemory.open(options.state ?? memoryStateStore(), crypto);
  if (!memory.ok) throw new Error(memory.error.message);
  const core = new SignerCore({
    crypto,
    clock: options.clock,
    memory: memory.value,
    keys: testKeys(options.agents ?? ["default"], options.seed),
    fresh: options.fresh ?? true,
    accepted: options.accepted,
  });
  const ask = async <T>(
    method: protocol.SignerMethod,
    body: string,
    parse: (body: string) => Result<T, string>,
  ): Promise<Result<T, Fault>> => {
    await Promise.resolve();
    const answered = answer(core, method, body);
    if (!answered.ok) return answered;
    const parsed = parse(answered.value);
    return parsed.ok ? ok(parsed.value) : fail("protocol", "the answer is malformed");
  };
  return {
    signHead: (request) => ask("sign_head", protocol.printHeadRequest(request), protocol.parseSignedHead),
    signCheckpoint: (request) =>
      ask("sign_checkpoint", protocol.printCheckpointRequest(request), protocol.parseNote),
    keyContinuity: (request) =>
      ask("key_continuity", protocol.printKeyRequest(request), protocol.parseSignedKey),
    state: (request) => ask("signer_state", protocol.printStateRequest(request), protocol.parseSignerState),
    acceptState: (request) => ask("accept_state", protocol.printAcceptRequest(request), () => ok({})),
  };
}
