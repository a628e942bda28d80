/** Connections over a real Unix socket, both sides in this process. */
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Payload, RegisteredPeer } from "#contracts/frame.ts";
import { ok } from "#contracts/result.ts";
import { systemClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import type { Connection } from "./connection.ts";
import { type InboundEvidence, verifyInboundEvidence } from "./evidence.ts";
import { type GatewayListener, listenGateway } from "./gateway-listener.ts";
import type { PeerConnection, Refusal } from "./gateway-session.ts";
import { PublicKey, SigningKey, newSeed } from "./keys.ts";
import { connectPeer } from "./peer-connect.ts";
import { SAMPLE_INBOUND, SAMPLE_PAYLOADS } from "./samples.case.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const each of undo.splice(0).reverse()) each();
});

function key(): SigningKey {
  const made = SigningKey.fromSeed(newSeed(systemRandom));
  if (!made.ok) throw new Error(made.error);
  return made.value;
}

function until(condition: () => boolean): Promise<void> {
  return (async () => {
    for (let i = 0; i < 400 && !condition(); i += 1) await Bun.sleep(5);
    if (!condition()) throw new Error("the condition did not come true in 2 s");
  })();
}

async function lab() {
  const folder = mkdtempSync(join(tmpdir(), "wirken-ipc-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "gateway.sock");
  const gatewayKey = key();
  const peerKey = key();
  const peer: RegisteredPeer = {
    peerId: "telegram",
    role: "adapter",
    channel: "telegram",
    instance: "telegram",
    publicKey: peerKey.publicKey.hex,
  };
  const peers: PeerConnection[] = [];
  const refusals: Refusal[] = [];
  const listening = await listenGateway({
    path,
    key: gatewayKey,
    registry: (peerId) => (peerId === peer.peerId ? peer : undefined),
    clock: systemClock,
    random: systemRandom,
    onConnection: (connected) => peers.push(connected),
    onRefusal: (refusal) => refusals.push(refusal),
  });
  if (!listening.ok) throw new Error(listening.error.message);
  const gateway: GatewayListener = listening.value;
  undo.push(() => gateway.stop());
  const dial = (more: { peerId?: string; key?: SigningKey; gatewayKey?: PublicKey; role?: "mcp" } = {}) =>
    connectPeer({
      to: { path },
      role: more.role ?? "adapter",
      peerId: more.peerId ?? "telegram",
      key: more.key ?? peerKey,
      gatewayKey: more.gatewayKey ?? gatewayKey.publicKey,
      clock: systemClock,
      random: systemRandom,
    });
  return { path, gateway, gatewayKey, peerKey, peers, refusals, dial };
}

async function pair() {
  const parts = await lab();
  const dialled = await parts.dial();
  if (!dialled.ok) throw new Error(dialled.error.message);
  await until(() => parts.peers.length === 1);
  const [there] = parts.peers;
  if (there === undefined) throw new Error("no connection");
  return { ...parts, here: dialled.value, there };
}

function collect(connection: Connection) {
  const payloads: Payload[] = [];
  const evidence: InboundEvidence[] = [];
  const closed: string[] = [];
  connection.listen({
    onPayload: (payload, proof) => {
      payloads.push(payload);
      evidence.push(proof);
    },
    onClose: (reason) => closed.push(reason),
  });
  return { payloads, evidence, closed };
}

describe("connection", () => {
  test("carries payloads both ways over a socket with mode 0700", async () => {
    const { here, there, path } = await pair();
    const got = collect(there.connection);
    const back = collect(here);
    for (const payload of SAMPLE_PAYLOADS) {
      if (["inbound", "delivery", "adapterState"].includes(payload.kind)) here.send(payload);
    }
    there.connection.send({ kind: "stop" });
    await until(() => got.payloads.length === 3 && back.payloads.length === 1);
    expect(got.payloads.map((payload) => payload.kind)).toEqual(["inbound", "delivery", "adapterState"]);
    expect(back.payloads).toEqual([{ kind: "stop" }]);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(there.channel?.channel).toBe("telegram");
  });

  test("cuts a long payload into chunks and keeps evidence of each", async () => {
    const { here, there, peerKey } = await pair();
    const got = collect(there.connection);
    const inbound = { ...SAMPLE_INBOUND, parts: [{ kind: "text" as const, text: "é".repeat(100_000) }] };
    expect(here.send({ kind: "inbound", inbound })).toEqual(ok(undefined));
    await until(() => got.payloads.length === 1);
    expect(got.payloads[0]).toEqual({ kind: "inbound", inbound });
    const [evidence] = got.evidence;
    if (evidence === undefined) throw new Error("no evidence");
    expect(evidence.earlier.length).toBe(4);
    expect(verifyInboundEvidence(evidence, peerKey.publicKey)).toEqual(ok({ kind: "inbound", inbound }));
  });

  test("call gives the response, and a fault with its code", async () => {
    const { here, there } = await pair();
    collect(here);
    there.connection.listen({
      onPayload: () => {},
      onClose: () => {},
      onRequest: async (method, body) =>
        method === "echo" ? ok(body) : { ok: false, error: { code: "not_found", message: "no such method" } },
    });
    expect(await here.call("echo", '{"a":1}', 1_000)).toEqual(ok('{"a":1}'));
    expect(await here.call("other", "{}", 1_000)).toEqual({
      ok: false,
      error: { code: "not_found", message: "no such method" },
    });
  });

  test("ends on both sides, and open calls end with it", async () => {
    const { here, there, gateway } = await pair();
    const got = collect(there.connection);
    const back = collect(here);
    const call = here.call("slow", "{}", 10_000);
    await until(() => got.payloads.length === 1);
    there.connection.close();
    const answer = await call;
    expect(answer.ok ? "" : answer.error.code).toBe("unavailable");
    expect(back.closed).toEqual(["closed_there"]);
    expect(got.closed).toEqual(["closed_here"]);
    expect(gateway.peers.size).toBe(0);
  });
});
