/**
 * The signer role: takes its hand-off, proves itself to the gateway over the inherited descriptor, and
 * answers until
 * the connection ends. It reads no network, no log and no configuration.
 */
import { FAULT_EXIT, type Fault, fail } from "#contracts/fault.ts";
import { HANDOFF_NAMES } from "#contracts/handoff.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import { readHandoff } from "#host/handoff.ts";
import { PublicKey, SigningKey } from "#ipc/keys.ts";
import { connectPeer } from "#ipc/peer-connect.ts";
import { peerEndpoint } from "#ipc/peer-endpoint.ts";
import { systemClock } from "#runtime/clock.ts";
import { stderrLog } from "#runtime/log.ts";
import { systemRandom } from "#runtime/random.ts";
import { sealedStateStore } from "./sealed-state.ts";
import { type HolderKeys, SignerCore } from "./signer-core.ts";
import { signerCrypto } from "./signer-crypto.ts";
import { SignerMemory } from "./signer-memory.ts";
import { answer } from "./signer-service.ts";

type Entries = ReadonlyMap<string, SecretBytes>;

const SEED = "seed:";
const PREVIOUS_SEED = "seed:previous:";

/** Runs the role to its end and answers the exit code: 0 when told to stop, else that of the fault. */
export async function main(_words: readonly string[]): Promise<number> {
  const log = stderrLog("signer");
  const handed = await readHandoff(HANDOFF_NAMES.signer);
  const ended = handed.ok ? await run(handed.value) : handed;
  if (ended.ok) return ended.value === "stopped" ? 0 : FAULT_EXIT.unavailable;
  log.warn(ended.error.message, { code: ended.error.code, reason: ended.error.reason ?? "" });
  return FAULT_EXIT[ended.error.code];
}

async function run(entries: Entries): Promise<Result<"stopped" | "lost", Fault>> {
  const core = coreOf(entries);
  if (!core.ok) return core;
  const seed = entries.get("peer-seed");
  const key = seed === undefined ? undefined : SigningKey.fromSeed(seed);
  const gatewayKey = entries.get("gateway-key")?.use((bytes) => PublicKey.parse(bytes));
  if (key?.ok !== true || gatewayKey?.ok !== true) return incomplete();
  const connected = await connectPeer({
    to: peerEndpoint(entries),
    role: "signer",
    peerId: textOf(entries, "peer-id"),
    key: key.value,
    gatewayKey: gatewayKey.value,
    clock: systemClock,
    random: systemRandom,
  });
  if (!connected.ok) return connected;
  const connection = connected.value;
  return new Promise((resolve) => {
    let told = false;
    connection.listen({
      onPayload: (payload) => {
        if (payload.kind !== "stop") return;
        told = true;
        connection.close("closed_here");
      },
      onRequest: (method, body) => Promise.resolve(answer(core.value, method, body)),
      onClose: () => resolve(ok(told ? "stopped" : "lost")),
    });
  });
}

/** Builds the decisions from the hand-off: keys, memory, and whether there is a past to remember. */
export function coreOf(entries: Entries): Result<SignerCore, Fault> {
  const crypto = signerCrypto();
  const keys = keysOf(entries);
  const stateKey = entries.get("state-key");
  const folder = textOf(entries, "state-folder");
  const ephemeral = textOf(entries, "ephemeral") === "1";
  if (keys?.has("log") !== true || stateKey?.length !== 32 || folder === "") return incomplete();
  // Keys that live for one run: a signer that is started again within the run remembers, the next run's
  // begins anew.
  const foreign = ephemeral ? "absent" : "damaged";
  const store = sealedStateStore(folder, stateKey, systemRandom, foreign);
  const memory = SignerMemory.open(store, crypto);
  if (!memory.ok) return memory;
  const fresh = ephemeral || textOf(entries, "log-begins") === "1";
  const accepted = acceptedOf(textOf(entries, "accept-state"));
  return ok(new SignerCore({ crypto, clock: systemClock, memory: memory.value, keys, fresh, accepted }));
}

/** Keys by holder from `seed:<holder>` and `seed:previous:<holder>`; `undefined` when a seed is no seed. */
function keysOf(entries: Entries): Map<string, HolderKeys> | undefined {
  const keys = new Map<string, HolderKeys>();
  for (const [name, seed] of entries) {
    if (!name.startsWith(SEED) || name.startsWith(PREVIOUS_SEED)) continue;
    const holder = name.slice(SEED.length);
    const current = SigningKey.fromSeed(seed);
    const previousSeed = entries.get(`${PREVIOUS_SEED}${holder}`);
    const previous = previousSeed === undefined ? undefined : SigningKey.fromSeed(previousSeed);
    if (!current.ok || previous?.ok === false) return undefined;
    keys.set(holder, { current: current.value, previous: previous?.value });
  }
  return keys;
}

/** `"<size> <root hex>"`: the state that the operator accepted on the terminal. */
function acceptedOf(text: string): { size: number; root: string } | undefined {
  const [, size, root] = /^(0|[1-9][0-9]{0,15}) ([0-9a-f]{64})$/.exec(text) ?? [];
  return size === undefined || root === undefined ? undefined : { size: Number(size), root };
}

function textOf(entries: Entries, name: string): string {
  return entries.get(name)?.use((bytes) => new TextDecoder().decode(bytes)) ?? "";
}

function incomplete(): Result<never, Fault> {
  return fail("config", "the hand-off lacks what the signer needs", { reason: "handoff" });
}
