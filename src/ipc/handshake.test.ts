/** Who gets in: every way to lie in a handshake, and the reason that both sides are given. */
import { describe, expect, test } from "bun:test";
import { LIMITS } from "#contracts/limits.ts";
import { fixedRandom } from "#runtime/random.ts";
import { type Response, decodeFrame, encodeFrame } from "./frame-codec.ts";
import { framed } from "./framing.ts";
import { GatewayHandshake } from "./handshake.ts";
import { Lab, makeKey, pump } from "./lab.case.ts";
import { handshakeMessage, transcriptOf } from "./transcript.ts";

/** The gateway's nonce, from its challenge. */
function nonceOf(bytes: Uint8Array): Uint8Array {
  const frame = decodeFrame(bytes.slice(4));
  if (!frame.ok || frame.value.kind !== "challenge") throw new Error("no challenge");
  return frame.value.challenge.gatewayNonce.slice();
}

/** A response that is right in all but `change`; signed by the peer's key after the change. */
function response(lab: Lab, gatewayNonce: Uint8Array, change: Partial<Response> = {}): Uint8Array {
  const fields = {
    version: 1,
    role: "adapter" as const,
    peerId: "telegram",
    peerPublicKey: lab.peerKey.publicKey.bytes,
    peerNonce: new Uint8Array(32).fill(9),
    ...change,
  };
  const transcript = transcriptOf({
    ...fields,
    gatewayNonce,
    gatewayPublicKey: lab.gatewayKey.publicKey.bytes,
  });
  const signature = change.signature ?? lab.peerKey.sign(handshakeMessage("peer", transcript));
  const frame = encodeFrame({ kind: "response", response: { ...fields, signature } });
  if (!frame.ok) throw new Error(frame.error);
  return framed(frame.value);
}

describe("handshake", () => {
  test("passes for the registered peer, and both sides name the connection alike", () => {
    const lab = new Lab();
    const { connection, peer } = lab.connect();
    expect(peer.peer).toEqual(lab.registered);
    expect(peer.channel?.instance).toBe("telegram:home");
    expect(connection.transcriptHash).toEqual(peer.connection.transcriptHash);
    expect(lab.refusals).toEqual([]);
  });

  const other = makeKey();
  const LIES: readonly (readonly [string, (lab: Lab, nonce: Uint8Array) => Partial<Response>, string])[] = [
    ["an old version", () => ({ version: 0 }), "version"],
    ["a later version", () => ({ version: 2 }), "version"],
    ["a peer that nobody registered", () => ({ peerId: "signer" }), "unknown_peer"],
    ["no peer id", () => ({ peerId: "" }), "unknown_peer"],
    ["a peer id of the prototype", () => ({ peerId: "__proto__" }), "unknown_peer"],
    ["another role", () => ({ role: "signer" as const }), "wrong_role"],
    ["another key", () => ({ peerPublicKey: other.publicKey.bytes }), "wrong_key"],
    ["a key of small order", () => ({ peerPublicKey: new Uint8Array(32) }), "wrong_key"],
    ["the gateway's own nonce", (_, nonce) => ({ peerNonce: nonce }), "equal_nonces"],
    ["no signature of its own", () => ({ signature: new Uint8Array(64) }), "bad_signature"],
  ];
  test.each([...LIES])("refuses %s", (_, change, reason) => {
    const lab = new Lab();
    const { wire, session } = lab.accept();
    const nonce = nonceOf(wire.read());
    session.receive(response(lab, nonce, change(lab, nonce)));
    const result = decodeFrame(wire.read().slice(4));
    if (!result.ok || result.value.kind !== "result") throw new Error("no result");
    expect(String(result.value.result.reason)).toBe(reason);
    expect(result.value.result.gatewayPublicKey.byteLength).toBe(0);
    expect(result.value.result.signature.byteLength).toBe(0);
    expect(lab.refusals.map((refusal) => String(refusal.reason))).toEqual([reason]);
    expect(lab.peers).toEqual([]);
    expect(wire.ended).toBe(true);
  });

  test("answers once: the right response a second time is none", () => {
    const lab = new Lab();
    const handshake = new GatewayHandshake({
      key: lab.gatewayKey,
      random: fixedRandom(1),
      registry: () => lab.registered,
      isConnected: () => false,
    });
    const right = response(lab, nonceOf(framed(handshake.challenge()))).slice(4);
    expect(handshake.answer(right).ok).toBe(true);
    expect(handshake.answer(right)).toMatchObject({ ok: false, reason: "malformed" });
  });

  test("refuses a response of an earlier handshake", () => {
    const lab = new Lab();
    const first = lab.accept();
    const replayed = response(lab, nonceOf(first.wire.read()));
    first.session.receive(replayed);
    expect(lab.peers.length).toBe(1);
    const second = lab.accept();
    second.session.receive(replayed);
    expect(lab.refusals).toEqual([{ reason: "bad_signature", peerId: "telegram" }]);
  });

  test("refuses the gateway's signature sent back as the peer's", () => {
    const lab = new Lab();
    const { wire, session } = lab.accept();
    const gatewayNonce = nonceOf(wire.read());
    const fields = {
      version: 1,
      role: "adapter" as const,
      peerId: "telegram",
      peerPublicKey: lab.peerKey.publicKey.bytes,
      peerNonce: new Uint8Array(32).fill(9),
    };
    const transcript = transcriptOf({
      ...fields,
      gatewayNonce,
      gatewayPublicKey: lab.gatewayKey.publicKey.bytes,
    });
    const signature = lab.peerKey.sign(handshakeMessage("gateway", transcript));
    session.receive(response(lab, gatewayNonce, { signature }));
    expect(lab.refusals.map((refusal) => refusal.reason)).toEqual(["bad_signature"]);
  });

  test("refuses a second connection of a live peer, after it has proved its key", () => {
    const lab = new Lab();
    lab.live.add("telegram");
    const there = lab.accept();
    const here = lab.dial();
    pump(here, there);
    expect(lab.refusals).toEqual([{ reason: "already_connected", peerId: "telegram" }]);
    expect(here.concluded).toEqual([
      {
        ok: false,
        error: { code: "refused", message: "the handshake was refused", reason: "already_connected" },
      },
    ]);
    const impostor = lab.accept();
    pump(lab.dial({ key: other }), impostor);
    expect(lab.refusals.at(-1)?.reason).toBe("wrong_key");
  });

  test.each([
    ["junk", framed(new Uint8Array(64).fill(0xee))],
    ["a length over the bound", new Uint8Array([0, 1, 0, 8, 0, 0])],
    ["a length under the bound", new Uint8Array([0, 0, 0, 8, 0, 0])],
    ["an HTTP request", Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")],
  ])("refuses %s as malformed", (_, bytes) => {
    const lab = new Lab();
    const { wire, session } = lab.accept();
    session.receive(bytes);
    expect(lab.refusals).toEqual([{ reason: "malformed", peerId: undefined }]);
    expect(wire.ended).toBe(true);
    session.receive(bytes);
    expect(lab.refusals.length).toBe(1);
  });

  test("refuses the gateway's own challenge sent back", () => {
    const lab = new Lab();
    const { wire, session } = lab.accept();
    session.receive(wire.read());
    expect(lab.refusals).toEqual([{ reason: "malformed", peerId: undefined }]);
  });

  test("refuses silence after 5 s, and not before", async () => {
    const lab = new Lab();
    const { wire } = lab.accept();
    const here = lab.dial();
    await lab.clock.advance(LIMITS.handshake_ms_max - 1);
    expect(lab.refusals).toEqual([]);
    await lab.clock.advance(1);
    expect(lab.refusals).toEqual([{ reason: "timeout", peerId: undefined }]);
    expect(wire.ended).toBe(true);
    expect(here.concluded.map((each) => (each.ok ? "" : each.error.code))).toEqual(["timeout"]);
  });

  test("shows a peer that its gateway is another", () => {
    const lab = new Lab();
    const there = lab.accept();
    const here = lab.dial({ gatewayKey: other });
    pump(here, there);
    expect(here.concluded.map((each) => (each.ok ? "" : each.error.reason))).toEqual(["bad_signature"]);
  });

  test("shows a peer a gateway without the key that it claims", () => {
    const lab = new Lab();
    const { wire, session } = lab.accept();
    const here = lab.dial();
    here.session.receive(wire.read());
    session.receive(here.wire.read());
    const result = wire.read();
    const forged = decodeFrame(result.slice(4));
    if (!forged.ok || forged.value.kind !== "result") throw new Error("no result");
    for (const [change, reason] of [
      [{ signature: new Uint8Array(64) }, "gateway_signature"],
      [{ gatewayPublicKey: other.publicKey.bytes }, "gateway_key"],
    ] as const) {
      const victim = lab.dial();
      const challenge = lab.accept();
      victim.session.receive(challenge.wire.read());
      const frame = encodeFrame({ kind: "result", result: { ...forged.value.result, ...change } });
      if (!frame.ok) throw new Error(frame.error);
      victim.session.receive(framed(frame.value));
      expect(victim.concluded.map((each) => (each.ok ? "" : each.error.reason))).toEqual([reason]);
    }
  });

  test("every bit of a response matters", () => {
    const lab = new Lab();
    const { wire, session } = lab.accept();
    const good = response(lab, nonceOf(wire.read()));
    for (let at = 4; at < good.byteLength; at += 1) {
      const attempt = lab.accept();
      const mutant = good.slice();
      mutant[at] = (mutant[at] ?? 0) ^ (1 << (at % 8));
      attempt.session.receive(mutant);
    }
    expect(lab.peers).toEqual([]);
    session.receive(good);
    expect(lab.peers.length).toBe(1);
  });
});
