/** Evidence is checkable by anyone who has the peer's public key, and by nobody's word. */
import { describe, expect, test } from "bun:test";
import type { Inbound } from "#contracts/message.ts";
import { err, ok } from "#contracts/result.ts";
import { type InboundEvidence, evidenceFromJson, evidenceToJson, verifyInboundEvidence } from "./evidence.ts";
import { Lab, listenTo, makeKey, pump } from "./lab.case.ts";
import { SAMPLE_INBOUND } from "./samples.case.ts";

function evidenceOf(inbound: Inbound) {
  const lab = new Lab();
  const { connection, peer, here, there } = lab.connect();
  const heard = listenTo(peer.connection);
  connection.send({ kind: "event", name: "before", body: "" });
  connection.send({ kind: "inbound", inbound });
  pump(here, there);
  const evidence = heard.evidence[1];
  if (evidence === undefined) throw new Error("no evidence");
  return { evidence, key: lab.peerKey.publicKey };
}

const LONG: Inbound = { ...SAMPLE_INBOUND, parts: [{ kind: "text", text: "long ".repeat(30_000) }] };

describe("verifyInboundEvidence", () => {
  test.each([
    ["of one frame", SAMPLE_INBOUND],
    ["of four chunks", LONG],
  ])("proves an event %s, from JSON too", (_, inbound) => {
    const { evidence, key } = evidenceOf(inbound);
    expect(evidence.counter).toBe(evidence.earlier.length + 2);
    expect(verifyInboundEvidence(evidence, key)).toEqual(ok({ kind: "inbound", inbound }));
    const stored = evidenceFromJson(JSON.parse(JSON.stringify(evidenceToJson(evidence))));
    if (!stored.ok) throw new Error(stored.error);
    expect(verifyInboundEvidence(stored.value, key)).toEqual(ok({ kind: "inbound", inbound }));
  });

  test("refuses another key, counter, transcript, signature or payload", () => {
    const { evidence, key } = evidenceOf(SAMPLE_INBOUND);
    expect(verifyInboundEvidence(evidence, makeKey().publicKey)).toEqual(err("signature"));
    const changes: Partial<InboundEvidence>[] = [
      { counter: 3 },
      { transcriptHash: new Uint8Array(32) },
      { signature: new Uint8Array(64) },
    ];
    for (const change of changes) {
      expect(verifyInboundEvidence({ ...evidence, ...change }, key)).toEqual(err("signature"));
    }
    for (let at = 0; at < evidence.frame.byteLength; at += 1) {
      const frame = evidence.frame.slice();
      frame[at] = (frame[at] ?? 0) ^ 1;
      expect(verifyInboundEvidence({ ...evidence, frame }, key)).toEqual(err("signature"));
    }
    expect(verifyInboundEvidence({ ...evidence, counter: 0 }, key)).toEqual(err("counter"));
    expect(verifyInboundEvidence({ ...evidence, counter: 2.5 }, key)).toEqual(err("counter"));
  });

  test("refuses chunks that are missing, swapped or of another body", () => {
    const { evidence, key } = evidenceOf(LONG);
    const [first, second, third] = evidence.earlier;
    if (first === undefined || second === undefined || third === undefined) throw new Error("too few chunks");
    expect(verifyInboundEvidence({ ...evidence, earlier: [] }, key)).toEqual(err("chunk"));
    expect(verifyInboundEvidence({ ...evidence, earlier: [first, third] }, key)).toEqual(err("chunk"));
    expect(verifyInboundEvidence({ ...evidence, earlier: [second, third] }, key)).toEqual(err("chunk"));
    expect(verifyInboundEvidence({ ...evidence, earlier: [second, first, third] }, key)).toEqual(
      err("counter"),
    );
    expect(verifyInboundEvidence({ ...evidence, ...third, earlier: [first, second] }, key)).toEqual(
      err("chunk"),
    );
  });
});

describe("evidenceFromJson", () => {
  test("takes its own form alone", () => {
    const { evidence } = evidenceOf(SAMPLE_INBOUND);
    const good = evidenceToJson(evidence);
    for (const bad of [
      null,
      {},
      { ...good, transcript_hash: "00" },
      { ...good, transcript_hash: evidence.transcriptHash.toHex().toUpperCase() },
      { ...good, frame: "not base64!" },
      { ...good, signature: "" },
      { ...good, counter: "2" },
      { ...good, earlier: {} },
      { ...good, earlier: [null] },
    ]) {
      expect(evidenceFromJson(bad)).toEqual(err("form"));
    }
  });
});
