import { expect, test } from "bun:test";
import { type Fault, fault } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";
import { ROLE_ENDS } from "#contracts/role-end.ts";
import type { ExitStatus } from "#host/spawn.ts";
import { type ManualClock, manualClock } from "#runtime/clock.ts";
import { fixedRandom } from "#runtime/random.ts";
import { Gate } from "./gate.ts";
import { type RoleProcess, Supervisor } from "./supervisor.ts";

interface FakeProcess extends RoleProcess {
  readonly signals: string[];
  end(status: ExitStatus): void;
}

test("Supervisor waits from 1 s doubling to 60 s, and starts over after 60 s of health", async () => {
  const { supervisor, clock, processes } = setUp();
  supervisor.run();
  await settle();
  const waits: number[] = [];
  for (let life = 0; life < 10; life++) {
    last(processes).end({ code: 1, signal: undefined });
    await settle();
    expect(supervisor.last.state).toBe("backoff");
    const before = clock.now();
    const count = processes.length;
    while (processes.length === count) await tick(clock, 100);
    waits.push(clock.now() - before);
  }
  const expected = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000];
  waits.forEach((wait, index) => {
    expect(wait).toBeGreaterThanOrEqual((expected[index] ?? 0) / 2);
    expect(wait).toBeLessThanOrEqual((expected[index] ?? 0) + 100);
  });
  await tick(clock, 60_000);
  last(processes).end({ code: 1, signal: undefined });
  await settle();
  const before = clock.now();
  const count = processes.length;
  while (processes.length === count) await tick(clock, 100);
  expect(clock.now() - before).toBeLessThanOrEqual(1_100);
  await end(supervisor, processes);
});

test("Supervisor reports each change with pid, exit code and restarts", async () => {
  const { supervisor, clock, processes, states } = setUp();
  supervisor.run();
  await settle();
  last(processes).end({ code: 70, signal: undefined });
  await settle();
  await tick(clock, 1_000);
  last(processes).end({ code: undefined, signal: "SIGKILL" });
  await settle();
  await supervisor.stop(1_000);
  expect(states).toEqual([
    ["starting", 0, -2, 0],
    ["running", 1, -2, 0],
    ["exited", 0, 70, 0],
    ["backoff", 0, 70, 0],
    ["starting", 0, 70, 1],
    ["running", 2, 70, 1],
    ["exited", 0, -1, 1],
    ["backoff", 0, -1, 1],
    ["stopped", 0, -1, 1],
  ]);
});

test("Supervisor fails a role whose port is taken, tries it again, and gives up on an end that a person must answer", async () => {
  const { supervisor, clock, processes } = setUp();
  supervisor.run();
  await settle();
  last(processes).end({ code: ROLE_ENDS.port_taken.exit, signal: undefined });
  await settle();
  expect(supervisor.last).toMatchObject({ state: "failed", end: "port_taken" });
  await tick(clock, 1_000);
  expect(supervisor.last.state).toBe("running");
  last(processes).end({ code: ROLE_ENDS.state_missing.exit, signal: undefined });
  await settle();
  expect(supervisor.last).toMatchObject({ state: "failed", end: "state_missing" });
  await tick(clock, 600_000);
  expect([processes.length, supervisor.last.state]).toEqual([2, "failed"]);
  supervisor.run(); // asked for anew, it is tried anew
  await settle();
  expect(processes.length).toBe(3);
  await end(supervisor, processes);
});

test("Supervisor tries a start that failed again, and says why", async () => {
  const faults: Fault[] = [];
  const { supervisor, clock, processes } = setUp({ failures: 2, faults });
  supervisor.run();
  await settle();
  expect([processes.length, faults.length, supervisor.last.state]).toEqual([0, 1, "backoff"]);
  await tick(clock, 1_000);
  await tick(clock, 2_000);
  expect([processes.length, faults.length, supervisor.last.state]).toEqual([1, 2, "running"]);
  await end(supervisor, processes);
});

test("Supervisor asks a process to end and kills it after the grace", async () => {
  const { supervisor, clock, processes } = setUp();
  supervisor.run();
  await settle();
  const process = last(processes);
  const stopped = supervisor.stop(5_000);
  await tick(clock, 4_999);
  expect(process.signals).toEqual(["SIGTERM"]);
  await tick(clock, 1);
  expect(process.signals).toEqual(["SIGTERM", "SIGKILL"]);
  process.end({ code: undefined, signal: "SIGKILL" });
  await stopped;
  await tick(clock, 120_000);
  expect([processes.length, supervisor.last.state]).toEqual([1, "stopped"]);
});

test("Supervisor restarts at once when asked, and never more than once a second", async () => {
  const { supervisor, clock, processes } = setUp({ obedient: true });
  supervisor.run();
  await settle();
  await tick(clock, 5_000);
  supervisor.restart(1_000);
  await settle();
  expect(processes.length).toBe(2);
  // A gateway that asks without end: ten seconds of it.
  for (let at = 0; at < 1_000; at++) {
    supervisor.restart(1_000);
    await tick(clock, 10);
  }
  expect(processes.length).toBeGreaterThan(8);
  expect(processes.length).toBeLessThanOrEqual(13);
  await end(supervisor, processes);
});

test("Supervisor lets no wait grow for ends that were excused", async () => {
  const { supervisor, clock, processes } = setUp({ obedient: true });
  supervisor.run();
  await settle();
  for (let life = 1; life <= 8; life++) {
    await tick(clock, 1_000);
    supervisor.excuse();
    processes.at(-1)?.kill("SIGKILL");
    await settle();
    expect(processes.length).toBe(life + 1);
  }
  // Excused when it is waiting already: the wait ends, but for the one second between two starts.
  processes.at(-1)?.kill("SIGKILL");
  await settle();
  supervisor.excuse();
  await tick(clock, 1_000);
  expect(processes.length).toBe(10);
  await end(supervisor, processes);
});

test("Supervisor started again after a stop runs one process", async () => {
  const { supervisor, processes } = setUp({ obedient: true });
  supervisor.run();
  supervisor.run();
  await settle();
  const stopped = supervisor.stop(1_000);
  supervisor.run();
  await stopped;
  await settle();
  expect(processes.length).toBe(2);
  expect(supervisor.last.state).toBe("running");
  await end(supervisor, processes);
});

test("Supervisor waits for the gate, through a restart, and not beyond a stop", async () => {
  const gate = new Gate();
  const { supervisor, processes } = setUp({ gate, obedient: true });
  supervisor.run();
  await settle();
  supervisor.restart(1_000);
  await settle();
  expect(processes.length).toBe(0);
  gate.open();
  await settle();
  expect(processes.length).toBe(1);
  gate.close();
  await supervisor.stop(1_000);
  supervisor.run();
  await settle();
  expect(processes.length).toBe(1);
  await supervisor.stop(1_000);
  expect(supervisor.last.state).toBe("stopped");
});

function setUp(more: { failures?: number; faults?: Fault[]; obedient?: boolean; gate?: Gate } = {}) {
  const clock = manualClock();
  const processes: FakeProcess[] = [];
  const states: unknown[] = [];
  let failures = more.failures ?? 0;
  const start = async (): Promise<Result<RoleProcess, Fault>> => {
    if (failures > 0) {
      failures -= 1;
      return { ok: false, error: fault("io", "no more processes") };
    }
    const process = fake(processes.length + 1, more.obedient ?? false);
    processes.push(process);
    return { ok: true, value: process };
  };
  const supervisor = new Supervisor({
    mayStart: (signal) => more.gate?.passed(signal) ?? Promise.resolve(),
    start,
    ask: (process) => process.kill("SIGTERM"),
    onState: ({ state, pid, exitCode, restarts }) => states.push([state, pid, exitCode, restarts]),
    onFault: (problem) => more.faults?.push(problem),
    clock,
    random: fixedRandom(),
  });
  return { supervisor, clock, processes, states };
}

function fake(pid: number, obedient: boolean): FakeProcess {
  const exited = Promise.withResolvers<ExitStatus>();
  const signals: string[] = [];
  return {
    pid,
    exited: exited.promise,
    signals,
    end: (status) => exited.resolve(status),
    kill: (signal) => {
      signals.push(signal);
      if (obedient || signal === "SIGKILL") exited.resolve({ code: undefined, signal });
    },
  };
}

function last(processes: readonly FakeProcess[]): FakeProcess {
  const process = processes.at(-1);
  if (process === undefined) throw new Error("no process");
  return process;
}

async function end(supervisor: Supervisor, processes: readonly FakeProcess[]): Promise<void> {
  const stopped = supervisor.stop(1_000);
  processes.at(-1)?.end({ code: 0, signal: undefined });
  await stopped;
}

async function tick(clock: ManualClock, ms: number): Promise<void> {
  await clock.advance(ms);
  await settle();
}

/** Lets every promise that can go on go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
