/** The typing sign: Telegram shows it for five seconds, so it is repeated while the agent works. */
import type { AdapterHost, Place } from "#kit/adapter.ts";
import type { TelegramApi } from "./api.ts";

const REPEAT_MS = 4_500;
/** A turn that never ends must not type for ever. */
const REPEATS_MAX = 240;

export interface Typing {
  set(place: Place, working: boolean): void;
  /** Ends all signs. */
  stop(): void;
}

/** Builds the signs of all chats. */
export function typing(api: TelegramApi, clock: AdapterHost["clock"]): Typing {
  const cancels = new Map<string, () => void>();
  const beat = (key: string, place: Place, left: number): void => {
    const thread = /^\d{1,16}$/.test(place.thread) ? { message_thread_id: Number(place.thread) } : {};
    // A sign that fails is not worth a word: the next one comes in five seconds.
    void api.attempt((raw) =>
      raw.sendChatAction({ chat_id: Number(place.conversation), action: "typing", ...thread }),
    );
    if (left > 0)
      cancels.set(
        key,
        clock.after(REPEAT_MS, () => beat(key, place, left - 1)),
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
      else if (!cancels.has(key) && /^-?\d{1,16}$/.test(place.conversation)) beat(key, place, REPEATS_MAX);
    },
    stop: () => {
      for (const key of cancels.keys()) end(key);
    },
  };
}
