/** A gateway on a real Unix socket in a folder of its own, and peers that dial it, all in this process. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RegisteredPeer } from "#contracts/frame.ts";
import { systemClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import { type GatewayListener, type GatewayOptions, listenGateway } from "./gateway-listener.ts";
import type { PeerConnection, Refusal } from "./gateway-session.ts";
import type { PublicKey, SigningKey } from "./keys.ts";
import { makeKey } from "./lab.case.ts";
import { type PeerOptions, connectPeer } from "./peer-connect.ts";

/** Undoes what a test made, last first. */
export class Cleanup {
  readonly #steps: (() => void)[] = [];
  add(step: () => void): void {
    this.#steps.push(step);
  }
  run(): void {
    for (const step of this.#steps.splice(0).reverse()) step();
  }
}

/** Waits for a condition, at most 2 s. */
export async function until(condition: () => boolean): Promise<void> {
  for (let step = 0; step < 400 && !condition(); step += 1) await Bun.sleep(5);
  if (!condition()) throw new Error("the condition did not come true in 2 s");
}

/** A folder that only we may enter. */
export function privateFolder(cleanup: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), "wirken-ipc-"));
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function socketLab(cleanup: Cleanup, more: Partial<GatewayOptions> = {}) {
  const path = join(privateFolder(cleanup), "gateway.sock");
  const gatewayKey = makeKey();
  const peerKey = makeKey();
  const peer: RegisteredPeer = {
    peerId: "telegram",
    role: "adapter",
    channel: "telegram",
    instance: "telegram",
    publicKey: peerKey.publicKey.hex,
  };
  const peers: PeerConnection[] = [];
  const refusals: Refusal[] = [];
  const options: GatewayOptions = {
    path,
    key: gatewayKey,
    registry: (peerId) => (peerId === peer.peerId ? peer : undefined),
    clock: systemClock,
    random: systemRandom,
    onConnection: (connected) => peers.push(connected),
    onRefusal: (refusal) => refusals.push(refusal),
    ...more,
  };
  const listening = await listenGateway(options);
  if (!listening.ok) throw new Error(listening.error.message);
  const gateway: GatewayListener = listening.value;
  cleanup.add(() => gateway.stop());
  const dial = (change: { to?: PeerOptions["to"]; key?: SigningKey; gatewayKey?: PublicKey } = {}) =>
    connectPeer({
      to: change.to ?? { path },
      role: "adapter",
      peerId: "telegram",
      key: change.key ?? peerKey,
      gatewayKey: change.gatewayKey ?? gatewayKey.publicKey,
      clock: systemClock,
      random: systemRandom,
    });
  return { path, options, gateway, gatewayKey, peerKey, peers, refusals, dial };
}
