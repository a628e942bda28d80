/**
 * Lives of one adapter over a disk and a gateway that outlive it, for tests. A life can be ended at a fail
 * point as SIGKILL would: from then on nothing it does has an effect, and nothing it waits for comes.
 */
import type { Payload } from "#contracts/frame.ts";
import type { ManualClock } from "#runtime/clock.ts";
import { memoryLog } from "#runtime/log.ts";
import { fixedRandom } from "#runtime/random.ts";
import type { AdapterDefinition } from "./adapter.ts";
import type { FailPointName } from "./fail-point.ts";
import { type FakeGateway, fakeGateway } from "./gateway-fake.ts";
import type { AdapterHandoff } from "./handoff.ts";
import { type AdapterEnd, runAdapter } from "./main.ts";
import { type MemoryDisk, memoryDisk, memorySpool, memoryState } from "./memory-state.ts";

/** Where a life ends: at the n-th time (from 1) that it comes by the point. */
export interface Crash {
  readonly point: FailPointName;
  readonly nth: number;
}

/** One process. */
export interface Life {
  readonly dead: boolean;
  readonly tell: (payload: Payload) => void;
  /** Ends the connection, as a gateway that goes away. */
  readonly disconnect: () => void;
  readonly kill: () => void;
  readonly ended: Promise<AdapterEnd | "fault">;
}

export interface Lives {
  readonly disk: MemoryDisk;
  readonly gateway: FakeGateway;
  readonly log: ReturnType<typeof memoryLog>;
  start(crash?: Crash): Life;
}

/** Wraps a platform call so that a dead life neither makes it nor hears of it. */
export type Mortal = <T>(call: () => Promise<T>) => Promise<T>;

/**
 * Lives of an adapter.
 * @param define builds the definition of one life; its network goes through `mortal`
 */
export function adapterLives(
  define: (mortal: Mortal) => AdapterDefinition,
  handoff: AdapterHandoff,
  clock: ManualClock,
): Lives {
  const disk = memoryDisk();
  const gateway = fakeGateway();
  const log = memoryLog();
  return {
    disk,
    gateway,
    log,
    start: (crash) => {
      let dead = false;
      let left = crash?.nth ?? 0;
      const never = (): Promise<never> => new Promise(() => undefined);
      const mortal: Mortal = async (call) => {
        if (dead) return never();
        try {
          const value = await call();
          return dead ? await never() : value;
        } catch (error) {
          if (dead) return never();
          throw error;
        }
      };
      const { link, tell, end } = gateway.connect(() => dead);
      const running = runAdapter({
        define: define(mortal),
        handoff,
        link,
        clock,
        random: fixedRandom(7),
        log,
        state: memoryState(disk, () => dead),
        spool: memorySpool(disk),
        failPoint: async (name) => {
          if (name === crash?.point && --left === 0) dead = true;
          if (dead) await never();
        },
      });
      return {
        get dead() {
          return dead;
        },
        tell,
        disconnect: end,
        kill: () => {
          dead = true;
        },
        ended: running.then((result) => (result.ok ? result.value : "fault")),
      };
    },
  };
}

/**
 * Lets everything that is due happen and moves the clock, until `done` or `maxMs` have passed. True when
 * done.
 */
export async function until(done: () => boolean, clock: ManualClock, maxMs = 120_000): Promise<boolean> {
  const end = clock.now() + maxMs;
  for (;;) {
    for (let turns = 0; turns < 6; turns++) {
      if (done()) return true;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (clock.now() >= end) return done();
    await clock.advance(100);
  }
}
