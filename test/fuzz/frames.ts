/**
 * Mutated frames, payloads and handshakes against the code that reads them. Holds: nothing throws, nothing is slow or
 * grows, and whatever is read is written back as the same bytes.
 */
import { decodeFrame, encodeFrame } from "#ipc/frame-codec.ts";
import { FrameReader, framed } from "#ipc/framing.ts";
import { GatewayHandshake } from "#ipc/handshake.ts";
import { SigningKey, newSeed } from "#ipc/keys.ts";
import { decodePayload, encodePayload } from "#ipc/payload-codec.ts";
import { SAMPLE_PAYLOADS } from "#ipc/samples.case.ts";
import { FrameOpener, FrameSealer } from "#ipc/signed-frame.ts";
import { handshakeMessage, transcriptOf } from "#ipc/transcript.ts";
import { validateMessage } from "#ipc/validator.ts";
import type { RegisteredPeer } from "#contracts/frame.ts";
import { type Random, fixedRandom } from "#runtime/random.ts";
import { mutate } from "./mutate.ts";

export interface FramesReport {
  readonly iterations: number;
  readonly seed: number;
  /** Mutants by the rule that refused them; `accepted` counts those that were read. */
  readonly byRule: { readonly [rule: string]: number };
  /** Share of mutants that passed the structural rules and so reached the schema-driven reader. */
  readonly decoderShare: number;
  readonly worstMs: number;
  readonly rssGrowthMb: number;
  /** What must never happen, with the mutant in hex. Empty when all holds. */
  readonly failures: readonly string[];
}

interface Subject {
  readonly name: string;
  readonly good: Uint8Array;
  /** The rule that refused the mutant, or `accepted`; throws only for a broken property. */
  readonly judge: (mutant: Uint8Array) => string;
}

const SLOW_MS = 20;
const FAILURES_MAX = 20;

/** Runs `iterations` mutants, the same ones for the same seed. */
export function fuzzFrames(iterations: number, seed: number): FramesReport {
  const random = fixedRandom(seed);
  const subjects = [...payloadSubjects(), ...signedSubjects(random), ...handshakeSubjects(random)];
  const byRule = new Map<string, number>();
  const failures: string[] = [];
  let reached = 0;
  let worstMs = 0;
  for (const subject of subjects) subject.judge(subject.good); // warm, so that the worst is no compilation
  Bun.gc(true);
  const rssBefore = process.memoryUsage().rss;
  for (let index = 0; index < iterations; index += 1) {
    const subject = subjects[index % subjects.length];
    if (subject === undefined) break;
    const mutant = mutate(subject.good, random);
    if (validateMessage(mutant).ok) reached += 1;
    const { rule, tookMs } = timed(() => judged(subject, mutant, failures));
    byRule.set(rule, (byRule.get(rule) ?? 0) + 1);
    worstMs = Math.max(worstMs, tookMs);
    if (tookMs > SLOW_MS && failures.length < FAILURES_MAX) {
      failures.push(`${subject.name}: ${tookMs.toFixed(1)} ms for ${mutant.toHex()}`);
    }
  }
  Bun.gc(true);
  return {
    iterations,
    seed,
    byRule: Object.fromEntries([...byRule].sort(([, a], [, b]) => b - a)),
    decoderShare: iterations === 0 ? 0 : reached / iterations,
    worstMs,
    rssGrowthMb: (process.memoryUsage().rss - rssBefore) / 2 ** 20,
    failures,
  };
}

function judged(subject: Subject, mutant: Uint8Array, failures: string[]): string {
  try {
    return subject.judge(mutant);
  } catch (error) {
    const message = error instanceof Error ? error.message : "a thrown value";
    if (failures.length < FAILURES_MAX) failures.push(`${subject.name}: ${message} for ${mutant.toHex()}`);
    return "broken";
  }
}

/** A slow reading is taken again: a machine that was busy meanwhile is no fault of the reader. */
function timed<T>(read: () => T): { readonly rule: T; readonly tookMs: number } {
  let best: { readonly rule: T; readonly tookMs: number } | undefined;
  for (let tries = 0; tries < 3; tries += 1) {
    const begun = performance.now();
    const rule = read();
    const tookMs = performance.now() - begun;
    if (best === undefined || tookMs < best.tookMs) best = { rule, tookMs };
    if (best.tookMs <= SLOW_MS) break;
  }
  if (best === undefined) throw new Error("nothing was read");
  return best;
}

/** Payloads of every kind: the reader of what an authenticated peer may send. */
function payloadSubjects(): Subject[] {
  return SAMPLE_PAYLOADS.map((payload) => ({
    name: `payload ${payload.kind}`,
    good: bytesOf(encodePayload(payload)),
    judge: (mutant) => {
      const read = decodePayload(mutant);
      if (!read.ok) return read.error;
      requireSame(bytesOf(encodePayload(read.value)), mutant);
      return "accepted";
    },
  }));
}

/** Signed frames through framing and opener: no mutant that differs may be taken. */
function signedSubjects(random: Random): Subject[] {
  const own = keyOf(random);
  const other = keyOf(random);
  const transcriptHash = random.bytes(32);
  const peer = { side: "peer", ownKey: own, otherKey: other.publicKey, transcriptHash } as const;
  const gateway = { side: "gateway", ownKey: other, otherKey: own.publicKey, transcriptHash } as const;
  return SAMPLE_PAYLOADS.slice(0, 4).map((payload) => {
    const good = new FrameSealer(peer).seal(bytesOf(encodePayload(payload)));
    return {
      name: `signed ${payload.kind}`,
      good,
      judge: (mutant) => {
        let rule = "incomplete";
        const pushed = new FrameReader().push(framed(mutant), (message) => {
          const opened = new FrameOpener(gateway).open(message);
          rule = opened.ok ? "accepted" : opened.error;
          return true;
        });
        const isSame = Buffer.compare(mutant, good) === 0;
        if (rule === "accepted" && !isSame) throw new Error("a mutant of a signed frame was taken");
        return pushed.ok ? rule : pushed.error;
      },
    };
  });
}

/** Handshake frames: the codec, and the gateway's judgement of a response. */
function handshakeSubjects(random: Random): Subject[] {
  const gatewayKey = keyOf(random);
  const peerKey = keyOf(random);
  const gatewayNonce = random.bytes(32);
  const peer: RegisteredPeer = {
    peerId: "telegram",
    role: "adapter",
    channel: "telegram",
    instance: "telegram",
    publicKey: peerKey.publicKey.hex,
  };
  const handshake = () =>
    new GatewayHandshake({
      key: gatewayKey,
      random: { bytes: () => gatewayNonce, unit: () => 0 },
      registry: (peerId) => (peerId === peer.peerId ? peer : undefined),
      isConnected: () => false,
    });
  const fields = {
    version: 1,
    role: "adapter",
    peerId: "telegram",
    peerPublicKey: peerKey.publicKey.bytes,
    peerNonce: random.bytes(32),
  } as const;
  const transcript = transcriptOf({ ...fields, gatewayNonce, gatewayPublicKey: gatewayKey.publicKey.bytes });
  const signature = peerKey.sign(handshakeMessage("peer", transcript));
  const response = bytesOf(encodeFrame({ kind: "response", response: { ...fields, signature } }));
  const accepted = handshake().answer(response);
  if (!accepted.ok) throw new Error(`fuzz: the good handshake was refused (${accepted.reason})`);
  return [
    {
      name: "handshake response",
      good: response,
      judge: (mutant) => {
        const outcome = handshake().answer(mutant);
        if (!outcome.ok) return `handshake ${outcome.reason}`;
        if (Buffer.compare(mutant, response) !== 0) throw new Error("a mutant of a response was let in");
        return "accepted";
      },
    },
    ...[handshake().challenge(), response, accepted.reply].map((good, index) => ({
      name: `handshake frame ${index + 1}`,
      good,
      judge: (mutant: Uint8Array) => {
        const read = decodeFrame(mutant);
        if (!read.ok) return read.error;
        requireSame(bytesOf(encodeFrame(read.value)), mutant);
        return "accepted";
      },
    })),
  ];
}

function keyOf(random: Random): SigningKey {
  const made = SigningKey.fromSeed(newSeed(random));
  if (!made.ok) throw new Error(made.error);
  return made.value;
}

function bytesOf(encoded: { ok: true; value: Uint8Array } | { ok: false; error: string }): Uint8Array {
  if (!encoded.ok) throw new Error(`what was read cannot be written (${encoded.error})`);
  return encoded.value;
}

function requireSame(printed: Uint8Array, mutant: Uint8Array): void {
  if (Buffer.compare(printed, mutant) !== 0) throw new Error("what was read is written as other bytes");
}
