/**
 * A peer in a process of its own for `frames.ts`. argv: JSON of `Order`. Does `count` round trips with at most `window`
 * under way, a fifth more before that unmeasured, and prints the measured ones per second.
 */
import { SecretBytes } from "#contracts/secret.ts";
import { PublicKey, SigningKey } from "#ipc/keys.ts";
import { connectPeer } from "#ipc/peer-connect.ts";
import { systemClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import { talk } from "./messages.ts";

export interface Order {
  readonly mode: "signed" | "bare";
  readonly path: string;
  /** Hex; of a key that lives for one bench. */
  readonly seed: string;
  readonly gatewayKey: string;
  readonly count: number;
  readonly window: number;
  /** Bytes that a round trip sends and receives. */
  readonly bytes: { readonly up: number; readonly down: number };
}

/** Sends one, and calls `back` for each answer. */
type Line = (back: () => void) => Promise<{ send(n: number): void; end(): void }>;

if (import.meta.main) {
  const order: Order = JSON.parse(process.argv[2] ?? "{}");
  const rate = await roundTrips(order.mode === "signed" ? signed(order) : bare(order), order);
  process.stdout.write(`${rate}\n`);
  process.exit(0);
}

async function roundTrips(line: Line, { count, window }: Order): Promise<number> {
  const warmUp = Math.ceil(count / 5);
  const { promise, resolve } = Promise.withResolvers<void>();
  let [sent, done, start] = [0, 0, 0];
  const wire = await line(() => {
    done += 1;
    if (done === warmUp) start = Bun.nanoseconds();
    if (done === warmUp + count) resolve();
    else if (sent < warmUp + count) wire.send(++sent);
  });
  while (sent < window) wire.send(++sent);
  await promise;
  const rate = count / ((Bun.nanoseconds() - start) / 1e9);
  wire.end();
  return rate;
}

function signed(order: Order): Line {
  return async (back) => {
    const key = SigningKey.fromSeed(SecretBytes.take(Uint8Array.fromHex(order.seed)));
    const gatewayKey = PublicKey.parse(order.gatewayKey);
    if (!key.ok || !gatewayKey.ok) throw new Error("frames: keys");
    const to = { path: order.path };
    const connected = await connectPeer({
      to,
      role: "adapter",
      peerId: "telegram",
      key: key.value,
      gatewayKey: gatewayKey.value,
      clock: systemClock,
      random: systemRandom,
    });
    if (!connected.ok) throw new Error(`frames: ${connected.error.message}`);
    const connection = connected.value;
    connection.listen({ onPayload: back, onClose: () => undefined });
    return {
      send: (n) => void connection.send(talk("telegram", n)),
      end: () => connection.close(),
    };
  };
}

function bare({ path, bytes }: Order): Line {
  return async (back) => {
    const up = new Uint8Array(bytes.up);
    let received = 0;
    const socket = await Bun.connect({
      unix: path,
      socket: {
        binaryType: "uint8array",
        data: (_, piece) => {
          received += piece.byteLength;
          for (; received >= bytes.down; received -= bytes.down) back();
        },
      },
    });
    return { send: () => void socket.write(up), end: () => void socket.end() };
  };
}
