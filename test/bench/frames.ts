/**
 * Round trips per second between two processes over a real Unix socket: a signed `inbound` frame up, its signed
 * `inboundAck` down, both through structure check, decoder, counter and signature; against a bare echo that moves as
 * many bytes each way.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RegisteredPeer } from "#contracts/frame.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { listenGateway } from "#ipc/gateway-listener.ts";
import { SigningKey } from "#ipc/keys.ts";
import { encodePayload } from "#ipc/payload-codec.ts";
import { systemClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import { ROOT } from "#test/source-files.ts";
import { type BenchOptions, type Figure, compare } from "./figure.ts";
import type { Order } from "./frames-program.ts";
import { talk } from "./messages.ts";

const ROUND_TRIPS = 3_000;
const WINDOW = 32;
/** Around a payload: length prefix, message header, frame struct, signature. */
const FRAME_BYTES = 136;

/** One frame under way at a time, and 32. */
export async function frames(options: BenchOptions): Promise<readonly Figure[]> {
  const folder = join(options.folder, "frames");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const bytes = {
    up: FRAME_BYTES + sizeOf(talk("telegram", 1_000)),
    down: FRAME_BYTES + sizeOf(ackOf("event-1000")),
  };
  const seed = systemRandom.bytes(32).toHex();
  const gatewayKey = keyOf(systemRandom.bytes(32));
  const paths = { signed: join(folder, "signed.sock"), bare: join(folder, "bare.sock") };
  const gateway = await answerInbound(paths.signed, gatewayKey, keyOf(Uint8Array.fromHex(seed)));
  const echo = bareEcho(paths.bare, bytes);
  const order = { seed, gatewayKey: gatewayKey.publicKey.hex, bytes };
  const count = Math.ceil(ROUND_TRIPS * options.scale);
  try {
    const figures: Figure[] = [];
    for (const window of [1, WINDOW]) {
      const run = (mode: Order["mode"]) => () => peer({ ...order, mode, path: paths[mode], count, window });
      const compared = await compare(options.rounds, run("signed"), run("bare"));
      const note = `${bytes.up} bytes up, ${bytes.down} down`;
      figures.push({ name: `frames.round_trips.window_${window}`, unit: "round trips/s", ...compared, note });
    }
    return figures;
  } finally {
    gateway.stop();
    echo.stop(true);
  }
}

function sizeOf(payload: Parameters<typeof encodePayload>[0]): number {
  const encoded = encodePayload(payload);
  if (!encoded.ok) throw new Error("frames: a sample does not encode");
  return encoded.value.byteLength;
}

function ackOf(eventId: string): Parameters<typeof encodePayload>[0] {
  return { kind: "inboundAck", ack: { eventId, conversation: "bench", status: "recorded" } };
}

function keyOf(seed: Uint8Array): SigningKey {
  const key = SigningKey.fromSeed(SecretBytes.take(seed));
  if (!key.ok) throw new Error("frames: a key could not be made");
  return key.value;
}

async function answerInbound(path: string, key: SigningKey, peerKey: SigningKey) {
  const registered: RegisteredPeer = {
    peerId: "telegram",
    role: "adapter",
    channel: "telegram",
    instance: "telegram",
    publicKey: peerKey.publicKey.hex,
  };
  const gateway = await listenGateway({
    path,
    key,
    registry: (peerId) => (peerId === registered.peerId ? registered : undefined),
    clock: systemClock,
    random: systemRandom,
    onConnection: ({ connection }) =>
      connection.listen({
        onPayload: (payload) => {
          if (payload.kind === "inbound") connection.send(ackOf(payload.inbound.eventId));
        },
        onClose: () => undefined,
      }),
    onRefusal: (refusal) => {
      throw new Error(`frames: the handshake was refused: ${refusal.reason}`);
    },
  });
  if (!gateway.ok) throw new Error(`frames: ${gateway.error.message}`);
  return gateway.value;
}

/** Answers every `up` bytes with `down` bytes. */
function bareEcho(path: string, bytes: Order["bytes"]) {
  const down = new Uint8Array(bytes.down);
  return Bun.listen<{ received: number }>({
    unix: path,
    socket: {
      binaryType: "uint8array",
      open: (socket) => {
        socket.data = { received: 0 };
      },
      data: (socket, piece) => {
        socket.data.received += piece.byteLength;
        for (; socket.data.received >= bytes.up; socket.data.received -= bytes.up) socket.write(down);
      },
    },
  });
}

async function peer(order: Order): Promise<number> {
  const program = join(import.meta.dir, "frames-program.ts");
  const child = Bun.spawn([process.execPath, program, JSON.stringify(order)], {
    cwd: ROOT,
    stdout: "pipe",
    stderr: "inherit",
  });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error("frames: the peer failed");
  return Number(text);
}
