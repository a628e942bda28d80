/** Typing signs: platforms show one for some seconds, so it is repeated while the agent works. */
import type { Clock } from "#runtime/clock.ts";
import type { Place } from "./adapter.ts";

/** A turn that never ends must not type for ever. */
const SIGN_MS_MAX = 18 * 60_000;

export interface Typing {
  set(place: Place, working: boolean): void;
  /** Ends all signs. */
  stop(): void;
}

/**
 * The signs of all chats.
 * @param repeatMs a little less than the platform shows one
 * @param show sends one; a sign that fails is not worth a word, the next one comes soon
 */
export function typingSigns(clock: Clock, repeatMs: number, show: (place: Place) => void): Typing {
  const cancels = new Map<string, () => void>();
  const beat = (key: string, place: Place, left: number): void => {
    show(place);
    if (left > 0)
      cancels.set(
        key,
        clock.after(repeatMs, () => beat(key, place, left - 1)),
      );
    else cancels.delete(key);
  };
  const end = (key: string): void => {
    cancels.get(key)?.();
    cancels.delete(key);
  };
  return {
    set: (place, working) => {
      const key = `${place.conversation}/${place.thread}`;
      if (!working) end(key);
      else if (!cancels.has(key)) beat(key, place, Math.floor(SIGN_MS_MAX / repeatMs));
    },
    stop: () => {
      for (const key of cancels.keys()) end(key);
    },
  };
}
