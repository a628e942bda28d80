/** A rush: 200 messages a second from 50 chats, over real HTTP and a real state folder: in order, none lost. */
import { afterEach, expect, test } from "bun:test";
import { noFailPoint } from "#kit/fail-point.ts";
import { fakeGateway } from "#kit/gateway-fake.ts";
import { runAdapter } from "#kit/main.ts";
import { fileSpool, fileStateStore } from "#kit/state-store.ts";
import { Cleanup, privateFolder } from "#ipc/socket-lab.case.ts";
import { systemClock } from "#runtime/clock.ts";
import { memoryLog } from "#runtime/log.ts";
import { systemRandom } from "#runtime/random.ts";
import { stateSeal } from "#runtime/state-seal.ts";
import { SignalDaemonFake } from "#test/support/signal-fake/daemon.ts";
import { signal } from "./main.ts";
import { ANA, signalHandoff } from "./world.case.ts";

const SECONDS = 3;
const CHATS = 50;
const PER_SECOND = 200;
const cleanup = new Cleanup();
afterEach(() => cleanup.run());

function uuidOf(chat: number): string {
  return `c0000000-0000-4000-8000-${String(chat).padStart(12, "0")}`;
}

test("every message of a rush arrives once, in the order of its chat, and its text leaves the disk", async () => {
  const daemon = new SignalDaemonFake(systemClock);
  const server = daemon.serve();
  cleanup.add(() => void server.stop(true));
  const folder = privateFolder(cleanup);
  const gateway = fakeGateway();
  const { link, tell } = gateway.connect();
  const handoff = signalHandoff({ "api-base": new URL(server.url).origin });
  const state = fileStateStore(
    folder,
    stateSeal(handoff.stateKey, "channel/signal", systemRandom),
    systemRandom,
  );
  const ports = { link, handoff, state, spool: fileSpool(folder, systemRandom), log: memoryLog() };
  const world = { clock: systemClock, random: systemRandom, failPoint: noFailPoint, define: signal };
  const running = runAdapter({ ...ports, ...world });
  const until = async (done: () => boolean | Promise<boolean>): Promise<boolean> => {
    for (let tries = 0; tries < 500 && !(await done()); tries++) await systemClock.sleep(10);
    return await done();
  };
  expect(await until(() => daemon.streams.listening === 1)).toBe(true);

  const total = SECONDS * PER_SECOND;
  for (let sent = 0; sent < total; sent++) {
    const sourceUuid = uuidOf(sent % CHATS);
    const timestamp = daemon.timestamp();
    daemon.push({ ...ANA, sourceUuid, timestamp, dataMessage: { timestamp, message: `message ${sent}` } });
    if (sent % 10 === 9) await systemClock.sleep(10_000 / PER_SECOND);
  }
  expect(await until(() => gateway.inbound.length === total)).toBe(true);
  for (let chat = 0; chat < CHATS; chat++) {
    const own = gateway.inbound.filter(({ conversation }) => conversation === uuidOf(chat));
    const numbers = own.map(({ parts }) => Number(JSON.stringify(parts).replace(/\D/g, "")));
    expect(numbers).toEqual(Array.from({ length: total / CHATS }, (_, at) => chat + at * CHATS));
  }
  const left = async (): Promise<number> => {
    const names = await state.list("event-");
    return names.ok ? names.value.length : -1;
  };
  expect(await until(async () => (await left()) === 0)).toBe(true);
  expect(daemon.violations).toEqual([]);
  tell({ kind: "stop" });
  expect(await running).toEqual({ ok: true, value: "stopped" });
});
