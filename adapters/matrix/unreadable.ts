/**
 * Rooms that the bot cannot read. It is never silent in one: it says so there, once, in the clear, and the
 * channel's state counts them. What is written in such a room never reaches the gateway, and no answer goes
 * there.
 */
import type { AdapterHost } from "#kit/adapter.ts";
import { type MatrixApi, roomPath } from "./api.ts";
import type { IdSet } from "./id-set.ts";
import { contentOf } from "./outbound.ts";

export const SENTENCE =
  "I cannot read encrypted messages. Invite me to a room without encryption (it is switched off when a room is made, " +
  "and cannot be switched off later).";

export interface UnreadablePorts {
  readonly host: AdapterHost;
  readonly api: MatrixApi;
  /** Rooms where it was said. */
  readonly told: IdSet;
}

/** Says it in a room, unless it was said there. A failure is tried again at the room's next message. */
export async function tellUnreadable({ host, api, told }: UnreadablePorts, room: string): Promise<void> {
  if (told.has(room)) return;
  const key = encodeURIComponent(`unreadable-${room}`);
  const sent = await api.put(
    roomPath(room, `send/m.room.message/${key}`),
    contentOf({ text: SENTENCE, plain: SENTENCE }),
  );
  if (!sent.ok) return;
  await told.add(room); // if it cannot be written, the transaction id keeps it from being said twice
  host.log.info("a room is encrypted and cannot be read");
}
