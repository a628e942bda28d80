/**
 * One lane per chat: jobs of a chat run one after the other, chats run beside each other, each lane at its
 * own pace.
 */
import type { Clock } from "#runtime/clock.ts";
import { type Pacer, type Pacing, pacer } from "./pacing.ts";
import { pause } from "./pause.ts";

const IDLE_PACERS_MAX = 1_000;

export interface Lanes {
  /** Runs `job` after all earlier jobs of `chat`. `job` must not throw. */
  run(chat: string, job: () => Promise<void>): void;
  /** Waits until the chat may be written to. False when the adapter is stopping. */
  turn(chat: string): Promise<boolean>;
  /** Resolves when no job runs or waits. */
  idle(): Promise<void>;
}

/** Lanes that stop waiting when `signal` aborts; jobs already begun go to their end. */
export function lanes(pacing: Pacing, clock: Clock, signal: AbortSignal): Lanes {
  const tails = new Map<string, Promise<void>>();
  const pacers = new Map<string, Pacer>();
  const pacerOf = (chat: string): Pacer => {
    const known = pacers.get(chat);
    if (known !== undefined) return known;
    if (pacers.size >= IDLE_PACERS_MAX) {
      for (const other of pacers.keys()) if (!tails.has(other)) pacers.delete(other);
    }
    const made = pacer(pacing, clock);
    pacers.set(chat, made);
    return made;
  };
  return {
    run: (chat, job) => {
      const tail = (tails.get(chat) ?? Promise.resolve()).then(job).finally(() => {
        if (tails.get(chat) === tail) tails.delete(chat);
      });
      tails.set(chat, tail);
    },
    turn: (chat) => pause(clock, pacerOf(chat).take(), signal),
    idle: async () => {
      while (tails.size > 0) await Promise.all(tails.values());
    },
  };
}
