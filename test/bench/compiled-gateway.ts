/**
 * The compiled gateway in a process of its own, as the keeper starts it: hand-off over stdin, the keeper's link on
 * descriptor 3. Its signer and its adapter are this process, over the gateway's real socket.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { HANDOFF_NAMES, LINK_FD } from "#contracts/handoff.ts";
import type { RegisteredPeer } from "#contracts/frame.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { encodeHandoff } from "#host/handoff.ts";
import { dataPaths } from "#host/paths.ts";
import { openSocket } from "#ipc/bun-socket.ts";
import type { Connection } from "#ipc/connection.ts";
import { SigningKey } from "#ipc/keys.ts";
import { connectPeer } from "#ipc/peer-connect.ts";
import { systemClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import { SignerCore } from "#signer/signer-core.ts";
import { signerCrypto } from "#signer/signer-crypto.ts";
import { SignerMemory } from "#signer/signer-memory.ts";
import { answer } from "#signer/signer-service.ts";
import { memoryStateStore } from "#signer/state-store.ts";
import { testKeys } from "#test/support/local-signer.ts";

export interface CompiledGateway extends AsyncDisposable {
  /** The adapter's connection; nobody listens on it yet. */
  readonly adapter: Connection;
}

const PEERS = [
  { peerId: "signer", role: "signer", channel: "", instance: "" },
  { peerId: "webchat", role: "adapter", channel: "webchat", instance: "webchat" },
] as const;
type PeerName = (typeof PEERS)[number]["peerId"];
const STOP_MS = 10_000;

/** Starts `binary gateway` on `folder` with `model` as its configuration says, and connects signer and web chat. */
export async function startCompiledGateway(
  binary: string,
  folder: string,
  model: { readonly provider: string; readonly model: string; readonly base_url: string },
): Promise<CompiledGateway> {
  const paths = dataPaths(folder);
  for (const each of [folder, paths.auditFolder, paths.sockets, paths.workspace("default")])
    mkdirSync(each, { recursive: true, mode: 0o700 });
  writeFileSync(paths.config, JSON.stringify({ version: 1, model }), { mode: 0o600 });
  const gatewaySeed = systemRandom.bytes(32);
  const gatewayKey = keyOf(gatewaySeed.slice());
  const keys: Record<PeerName, SigningKey> = {
    signer: keyOf(systemRandom.bytes(32)),
    webchat: keyOf(systemRandom.bytes(32)),
  };
  const registry: RegisteredPeer[] = PEERS.map((peer) => ({
    ...peer,
    publicKey: keys[peer.peerId].publicKey.hex,
  }));
  const child = Bun.spawn([binary, "gateway"], {
    cwd: folder,
    env: { HOME: folder, PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "inherit", "pipe"],
  });
  const keeper = await keeperLink(child.stdio[LINK_FD]);
  void child.stdin.write(handoff({ folder, gatewaySeed, registry }));
  await child.stdin.end();
  const dial = async (name: PeerName): Promise<Connection> => {
    const role = name === "signer" ? "signer" : "adapter";
    const to = { path: paths.gatewaySocket };
    const own = { role, peerId: name, key: keys[name], gatewayKey: gatewayKey.publicKey } as const;
    const connected = await connectPeer({ to, ...own, clock: systemClock, random: systemRandom });
    if (!connected.ok) throw new Error(`bench: ${name}: ${connected.error.message}`);
    return connected.value;
  };
  await Promise.race([keeper.heard("listening"), endedEarly(child)]);
  serveSigner(await dial("signer"));
  await Promise.race([keeper.heard("opened"), endedEarly(child)]);
  return {
    adapter: await dial("webchat"),
    [Symbol.asyncDispose]: async () => {
      keeper.say('{"kind":"stop","reason":"bench"}\n');
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await child.exited;
      clearTimeout(timer);
    },
  };
}

async function endedEarly(child: { readonly exited: Promise<number> }): Promise<never> {
  throw new Error(`bench: the gateway ended with ${String(await child.exited)}`);
}

function handoff(facts: {
  readonly folder: string;
  readonly gatewaySeed: Uint8Array;
  readonly registry: readonly RegisteredPeer[];
}): Uint8Array {
  const text = (value: string): SecretBytes => SecretBytes.take(new TextEncoder().encode(value));
  const entries = new Map([
    ["data-dir", text(facts.folder)],
    ["gateway-seed", SecretBytes.take(facts.gatewaySeed)],
    ["registry", text(JSON.stringify(facts.registry))],
    ["ephemeral", text("1")],
    ["webchat-port", text("18790")],
    ["console-port", text("18791")],
    ["executable-sha256", text("00".repeat(32))],
  ]);
  const encoded = encodeHandoff(entries, HANDOFF_NAMES.gateway);
  if (!encoded.ok) throw new Error(`bench: ${encoded.error.message}`);
  return encoded.value;
}

/** The keeper's end: what the gateway said, and a way to speak. */
async function keeperLink(fd: unknown) {
  if (typeof fd !== "number") throw new Error("bench: the keeper's link has no descriptor");
  let said = "";
  let told: (() => void) | undefined;
  const socket = await openSocket<undefined>({ fd }, undefined, {
    binaryType: "uint8array",
    data: (_, bytes) => {
      said += new TextDecoder().decode(bytes);
      told?.();
    },
  });
  return {
    say: (line: string): void => void socket.write(line),
    heard: async (word: string): Promise<void> => {
      while (!said.includes(`"${word}"`)) {
        await new Promise<void>((resolve) => {
          told = resolve;
        });
      }
    },
  };
}

/** Signs as the signer's process would, with a memory that is not on a disk: its time is not what is measured. */
function serveSigner(connection: Connection): void {
  const crypto = signerCrypto();
  const memory = SignerMemory.open(memoryStateStore(), crypto);
  if (!memory.ok) throw new Error(memory.error.message);
  const keys = testKeys(["default"]);
  const options = {
    crypto,
    clock: systemClock,
    memory: memory.value,
    keys,
    fresh: true,
    accepted: undefined,
  };
  const core = new SignerCore(options);
  connection.listen({
    onPayload: () => undefined,
    onRequest: (method, body) => Promise.resolve(answer(core, method, body)),
    onClose: () => undefined,
  });
}

function keyOf(seed: Uint8Array): SigningKey {
  const key = SigningKey.fromSeed(SecretBytes.take(seed));
  if (!key.ok) throw new Error("bench: a key could not be made");
  return key.value;
}
