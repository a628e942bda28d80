/** `test/vectors/frames.json`: what another implementation is held against, and so are we. */
import { describe, expect, test } from "bun:test";
import { err } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { framed } from "./framing.ts";
import { GatewayHandshake, PeerHandshake } from "./handshake.ts";
import { SigningKey } from "./keys.ts";
import { PAYLOAD_KINDS, decodePayload, encodePayload } from "./payload-codec.ts";
import { FrameSealer } from "./signed-frame.ts";

const vectors = await Bun.file(new URL("../../test/vectors/frames.json", import.meta.url)).json();
const { handshake } = vectors;
const hex = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.fromHex(text);

function keyOf(seed: string): SigningKey {
  const key = SigningKey.fromSeed(SecretBytes.take(hex(seed)));
  if (!key.ok) throw new Error(key.error);
  return key.value;
}

/** Chance that gives one nonce. */
function nonce(text: string) {
  return { bytes: () => hex(text), unit: () => 0 };
}

describe("the frame vectors", () => {
  test("hold for the handshake and the signed frames after it", () => {
    const gatewayKey = keyOf(handshake.gateway_seed);
    const peerKey = keyOf(handshake.peer_seed);
    const { role, peer_id: peerId } = handshake;
    const registered = {
      peerId,
      role,
      channel: "telegram",
      instance: "telegram",
      publicKey: peerKey.publicKey.hex,
    };
    const gateway = new GatewayHandshake({
      key: gatewayKey,
      random: nonce(handshake.gateway_nonce),
      registry: () => registered,
      isConnected: () => false,
    });
    const peer = new PeerHandshake({
      role,
      peerId,
      key: peerKey,
      gatewayKey: gatewayKey.publicKey,
      random: nonce(handshake.peer_nonce),
    });
    const response = peer.respond(gateway.challenge());
    if (!response.ok) throw new Error(response.error);
    const outcome = gateway.answer(response.value);
    const keys = peer.conclude(outcome.reply);
    if (!keys.ok || !outcome.ok) throw new Error("refused");
    const sent = [gateway.challenge(), response.value, outcome.reply].map((message) =>
      framed(message).toHex(),
    );
    expect(sent).toEqual(handshake.frames);
    expect(keys.value.transcriptHash.toHex()).toBe(handshake.transcript_hash);
    const seal = (side: typeof keys.value) => {
      const sealer = new FrameSealer(side);
      return vectors.signed.payloads.map((payload: string) => framed(sealer.seal(hex(payload))).toHex());
    };
    expect(seal(keys.value)).toEqual(vectors.signed.by_peer);
    expect(seal(outcome.keys)).toEqual(vectors.signed.by_gateway);
  });

  test("hold for a message of each payload", () => {
    expect(Object.keys(vectors.payloads)).toEqual([...PAYLOAD_KINDS]);
    for (const [kind, message] of Object.entries(vectors.payloads)) {
      const read = decodePayload(hex(String(message)));
      if (!read.ok) throw new Error(`${kind}: ${read.error}`);
      expect(String(read.value.kind)).toBe(kind);
      const printed = encodePayload(read.value);
      expect(printed.ok && printed.value.toHex()).toBe(String(message));
    }
  });

  test.each(Object.entries<string>(vectors.refused))("refuse %s", (code, message) => {
    expect<unknown>(decodePayload(hex(message))).toEqual(err(code));
  });
});
