/** After the handshake: counters, signatures, directions, chunks. */
import { describe, expect, test } from "bun:test";
import type { Payload } from "#contracts/frame.ts";
import { LIMITS } from "#contracts/limits.ts";
import { encodeFrame } from "./frame-codec.ts";
import { framed } from "./framing.ts";
import { Lab, listenTo, makeKey, pump } from "./lab.case.ts";
import { encodePayload } from "./payload-codec.ts";
import { SAMPLE_INBOUND } from "./samples.case.ts";
import { FrameOpener, FrameSealer, type Direction, frameMessage } from "./signed-frame.ts";

function bytesOf(payload: Payload): Uint8Array {
  const encoded = encodePayload(payload);
  if (!encoded.ok) throw new Error(encoded.error);
  return encoded.value;
}

const INBOUND: Payload = { kind: "inbound", inbound: SAMPLE_INBOUND };

/** A hostile peer that holds the right key: it may send any counter, direction, hash and payload. */
function hostile() {
  const lab = new Lab();
  const { there, peer } = lab.connect();
  const heard = listenTo(peer.connection);
  const send = (
    payload: Uint8Array,
    counter: number,
    more: { direction?: Direction; transcriptHash?: Uint8Array; key?: typeof lab.peerKey } = {},
  ): void => {
    const hash = more.transcriptHash ?? peer.connection.transcriptHash;
    const message = frameMessage(more.direction ?? "peer", hash, counter, payload);
    const signature = (more.key ?? lab.peerKey).sign(message);
    const frame = encodeFrame({ kind: "signed", signed: { counter, payload, signature } });
    if (!frame.ok) throw new Error(frame.error);
    there.session.receive(framed(frame.value));
  };
  return { lab, there, peer, heard, send };
}

describe("a signed frame", () => {
  test("is taken with counters 1, 2, 3", () => {
    const { heard, send } = hostile();
    for (const counter of [1, 2, 3]) send(bytesOf(INBOUND), counter);
    expect(heard.payloads.length).toBe(3);
    expect(heard.closed).toEqual([]);
  });

  test.each([
    ["counter 0", 0],
    ["a counter that was used", 1],
    ["a counter that skips one", 3],
    ["the largest counter", 2 ** 53 - 1],
  ])("ends the connection with %s", (_, counter) => {
    const { heard, send, there } = hostile();
    send(bytesOf(INBOUND), 1);
    send(bytesOf(INBOUND), counter);
    expect(heard.payloads.length).toBe(1);
    expect(heard.closed).toEqual(["counter"]);
    expect(there.wire.ended).toBe(true);
    send(bytesOf(INBOUND), 2);
    expect(heard.payloads.length).toBe(1);
  });

  test.each([
    ["another key", { key: makeKey() }],
    ["the gateway's direction", { direction: "gateway" as const }],
    ["another connection's transcript", { transcriptHash: new Uint8Array(32) }],
  ])("ends the connection when signed with %s", (_, more) => {
    const { heard, send } = hostile();
    send(bytesOf(INBOUND), 1, more);
    expect(heard.closed).toEqual(["signature"]);
    expect(heard.payloads).toEqual([]);
  });

  test("of an earlier connection is refused in the next", () => {
    const lab = new Lab();
    const first = lab.connect();
    first.connection.send(INBOUND);
    const replay = first.here.wire.read();
    const second = lab.connect();
    const heard = listenTo(second.peer.connection);
    second.there.session.receive(replay);
    expect(heard.closed).toEqual(["signature"]);
  });

  test("of the gateway is refused when sent back", () => {
    const { heard, peer, there } = hostile();
    peer.connection.send({ kind: "event", name: "x", body: "" });
    there.session.receive(there.wire.read());
    expect(heard.closed).toEqual(["signature"]);
  });

  test("is refused for every flipped bit of every byte", () => {
    const lab = new Lab();
    const transcriptHash = new Uint8Array(32).fill(4);
    const sealer = new FrameSealer({
      side: "peer",
      ownKey: lab.peerKey,
      otherKey: lab.gatewayKey.publicKey,
      transcriptHash,
    });
    const keys = {
      side: "gateway",
      ownKey: lab.gatewayKey,
      otherKey: lab.peerKey.publicKey,
      transcriptHash,
    } as const;
    const good = sealer.seal(bytesOf({ kind: "event", name: "n", body: "{}" }));
    for (let bit = 0; bit < good.byteLength * 8; bit += 1) {
      const mutant = good.slice();
      mutant[bit >> 3] = (mutant[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(new FrameOpener(keys).open(mutant).ok).toBe(false);
    }
    expect(new FrameOpener(keys).open(good).ok).toBe(true);
  });

  test("is refused when it is no signed frame", () => {
    const { heard, there, lab } = hostile();
    there.session.receive(lab.accept().wire.read());
    expect(heard.closed).toEqual(["not_signed"]);
  });

  test.each([
    ["an outbound", { kind: "stop" } as const],
    [
      "an acknowledgement",
      { kind: "inboundAck", ack: { eventId: "1", conversation: "2", status: "recorded" } } as const,
    ],
  ])("is refused when a peer sends %s", (_, payload) => {
    const { heard, send } = hostile();
    send(bytesOf(payload), 1);
    expect(heard.closed).toEqual(["direction"]);
  });

  test("is refused when a role sends what is an adapter's", () => {
    const lab = new Lab();
    Object.assign(lab.registered, { role: "console", channel: "", instance: "" });
    const { connection, peer, here, there } = lab.connect({ role: "console" });
    const heard = listenTo(peer.connection);
    connection.send(INBOUND);
    pump(here, there);
    expect(peer.channel).toBeUndefined();
    expect(heard.closed).toEqual(["direction"]);
  });
});

describe("chunks", () => {
  const full = new Uint8Array(LIMITS.chunk_bytes_max);
  const chunk = (id: number, index: number, last: boolean, data: Uint8Array): Uint8Array =>
    bytesOf({ kind: "chunk", id, index, last, data });

  const BOMBS: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ["a body that begins in the middle", [chunk(1, 1, false, full)]],
    ["an index twice", [chunk(1, 0, false, full), chunk(1, 0, false, full)]],
    ["an index that skips", [chunk(1, 0, false, full), chunk(1, 2, false, full)]],
    ["a body of one chunk", [chunk(1, 0, true, full)]],
    ["an empty last chunk", [chunk(1, 0, false, full), chunk(1, 1, true, new Uint8Array(0))]],
    ["a short chunk that is not the last", [chunk(1, 0, false, full.slice(1))]],
    ["five bodies at once", [1, 2, 3, 4, 5].map((id) => chunk(id, 0, false, full))],
    ["over 8 MiB", Array.from({ length: 171 }, (_, index) => chunk(1, index, false, full))],
    [
      "over 8 MiB in two bodies",
      Array.from({ length: 172 }, (_, index) => chunk(index % 2, index >> 1, false, full)),
    ],
  ];
  test.each([...BOMBS])("end the connection: %s", (_, chunks) => {
    const { heard, send } = hostile();
    chunks.forEach((each, index) => send(each, index + 1));
    expect(heard.closed).toEqual(["chunk"]);
    expect(heard.payloads).toEqual([]);
  });

  test("end the connection when they carry junk, chunks, or what needs none", () => {
    const junk = hostile();
    junk.send(chunk(1, 0, false, full), 1);
    junk.send(chunk(1, 1, true, full), 2);
    expect(junk.heard.closed).toEqual(["segments"]);
    const nested = hostile();
    const inner = bytesOf({ kind: "chunk", id: 9, index: 0, last: false, data: full });
    nested.send(chunk(1, 0, false, inner.slice(0, LIMITS.chunk_bytes_max)), 1);
    nested.send(chunk(1, 1, true, inner.slice(LIMITS.chunk_bytes_max)), 2);
    expect(nested.heard.closed).toEqual(["chunk"]);
  });

  test("carry 8 MiB less their frame, and no more", () => {
    const lab = new Lab();
    const { connection, peer, here, there } = lab.connect();
    const heard = listenTo(peer.connection);
    const body = "x".repeat(LIMITS.chunked_bytes_max - 64);
    expect(connection.send({ kind: "event", name: "big", body }).ok).toBe(true);
    pump(here, there);
    expect(heard.payloads.length).toBe(1);
    expect(connection.send({ kind: "event", name: "big", body: `${body}${"x".repeat(64)}` }).ok).toBe(false);
    expect(connection.closed).toBeUndefined();
  });
});
