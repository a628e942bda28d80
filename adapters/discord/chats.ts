/** The direct messages that people wrote in last, durably: where to look for what came while no session lived. */
import type { AdapterHost } from "#kit/adapter.ts";
import { openCursor } from "#kit/cursor.ts";
import { isSnowflake } from "./snowflake.ts";

/** Chats that are looked at again; whose turn is longest past goes first. */
const CHATS_MAX = 50;
const DOCUMENT = "chats";

export interface Chats {
  /** Each chat with its last message that the gateway has. */
  list(): readonly (readonly [channel: string, last: string])[];
  /** The gateway has this message. A note that is lost costs a repetition, which the gateway drops. */
  note(channel: string, message: string): void;
}

/** Opens the list; an unreadable one is an empty one. */
export async function openChats(state: AdapterHost["state"]): Promise<Chats> {
  const cursor = await openCursor(state, DOCUMENT);
  const chats = new Map(cursor.ok ? parseChats(cursor.value.value) : []);
  return {
    list: () => [...chats],
    note: (channel, message) => {
      chats.delete(channel);
      chats.set(channel, message);
      for (const oldest of chats.keys()) {
        if (chats.size <= CHATS_MAX) break;
        chats.delete(oldest);
      }
      if (cursor.ok) void cursor.value.move(JSON.stringify([...chats]));
    },
  };
}

function parseChats(text: string): readonly (readonly [string, string])[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return []; // the empty text of the very beginning
  }
  const pairs: readonly unknown[] = Array.isArray(value) ? value : [];
  return pairs.flatMap((pair) => {
    const [channel, last] = Array.isArray(pair) ? pair.map(String) : [];
    const isPair = channel !== undefined && last !== undefined && isSnowflake(channel) && isSnowflake(last);
    return isPair ? [[channel, last] as const] : [];
  });
}
