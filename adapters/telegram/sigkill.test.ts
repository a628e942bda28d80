/** The adapter's process killed with SIGKILL at every named step, over real files, a real socket and real HTTP. */
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import type { RegisteredPeer } from "#contracts/frame.ts";
import { newOutboundId } from "#contracts/ids.ts";
import type { Delivery, Inbound, Outbound } from "#contracts/message.ts";
import { SecretBytes } from "#contracts/secret.ts";
import type { PeerConnection } from "#ipc/gateway-session.ts";
import { SigningKey } from "#ipc/keys.ts";
import { Cleanup, privateFolder, socketLab } from "#ipc/socket-lab.case.ts";
import { FAIL_POINTS } from "#kit/fail-point.ts";
import { systemClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import { BotApiFake } from "#test/support/telegram-fake/bot-api.ts";
import { ANA, PRIVATE } from "./world.case.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const SEED = "5a".repeat(32);
const CHILD = join(import.meta.dir, "child.case.ts");

async function eventually(done: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 400 && !done(); tries++) await systemClock.sleep(20);
  return done();
}

/**
 * A gateway that records and deduplicates, and repeats the outbound that has no outcome at each connection from the
 * `from`-th on: where death comes on the inbound way, no answer is on its way that it could hit as well.
 */
function recorder(outbound: Outbound, from: number) {
  let connections = 0;
  const inbound: Inbound[] = [];
  const deliveries: Delivery[] = [];
  const connected = ({ connection }: PeerConnection): void => {
    connection.listen({
      onPayload: (payload) => {
        if (payload.kind === "delivery") deliveries.push(payload.delivery);
        if (payload.kind !== "inbound") return;
        const { eventId, conversation } = payload.inbound;
        const known = inbound.some((one) => one.eventId === eventId);
        if (!known) inbound.push(payload.inbound);
        const status = known ? "duplicate" : "recorded";
        connection.send({ kind: "inboundAck", ack: { eventId, conversation, status } });
      },
      onClose: () => undefined,
    });
    connections += 1;
    if (connections < from) return;
    if (!deliveries.some(({ state }) => state !== "sending")) connection.send({ kind: "outbound", outbound });
  };
  return { inbound, deliveries, connected };
}

for (const point of FAIL_POINTS) {
  test(`SIGKILL at ${point}: nothing is lost, run twice or sent twice`, async () => {
    const key = SigningKey.fromSeed(SecretBytes.take(Uint8Array.fromHex(SEED)));
    if (!key.ok) throw new Error(key.error);
    const peer: RegisteredPeer = {
      peerId: "telegram",
      role: "adapter",
      channel: "telegram",
      instance: "telegram",
      publicKey: key.value.publicKey.hex,
    };
    const outbound: Outbound = {
      outboundId: newOutboundId((count) => systemRandom.bytes(count)),
      conversation: "42",
      thread: "",
      replyTo: "",
      markdown: "answer",
      purpose: "answer",
    };
    const log = recorder(outbound, point.startsWith("outbound") ? 1 : 2);
    const lab = await socketLab(cleanup, { registry: () => peer, onConnection: log.connected });
    const api = new BotApiFake(systemClock);
    const server = api.serve();
    cleanup.add(() => void server.stop(true));
    const folder = privateFolder(cleanup);
    const begin = (where: string): Bun.Subprocess => {
      const base = new URL(server.url).origin;
      const words = [lab.path, base, folder, SEED, lab.gatewayKey.publicKey.hex, where];
      const child = Bun.spawn([process.execPath, CHILD, ...words], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      cleanup.add(() => child.kill("SIGKILL"));
      return child;
    };
    api.push({ message: { message_id: 1, date: 1, from: ANA, chat: PRIVATE, text: "question" } });
    const first = begin(point);
    await first.exited;
    expect(first.signalCode).toBe("SIGKILL");

    begin("");
    const outcome = (): string => log.deliveries.find(({ state }) => state !== "sending")?.state ?? "";
    const done = (): boolean => api.unconfirmed === 0 && log.inbound.length === 1 && outcome() !== "";
    expect(await eventually(done)).toBe(true);
    const begun = point === "outbound.sending" || point === "outbound.sent";
    expect(outcome()).toBe(begun ? "unknown" : "delivered");
    expect(api.sent.length).toBe(point === "outbound.sending" ? 0 : 1);
    expect(log.inbound.length).toBe(1);
    expect(api.violations).toEqual([]);
  });
}
