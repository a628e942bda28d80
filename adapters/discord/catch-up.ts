/**
 * What people wrote in private while no session lived: a new session tells nothing of it, the channel's history does.
 * Asked once for each chat; what the gateway has already it drops.
 */
import { type Wild, objectsIn, textIn } from "#kit/json-fields.ts";
import { type EventPorts, handOn } from "./events.ts";
import { readDispatch } from "./inbound.ts";
import { isSnowflake } from "./snowflake.ts";

/** Messages of one chat that are looked at; Discord gives no more at once. */
const MESSAGES_MAX = 100;

/** Puts what was missed before whatever comes now in the same chat. */
export function catchUp(ports: EventPorts): void {
  const { api, chats, me, order } = ports;
  for (const [channel, last] of chats.list()) {
    order.run(channel, false, async () => {
      const answer = await api.call(
        "GET",
        `/channels/${channel}/messages?after=${last}&limit=${MESSAGES_MAX}`,
      );
      if (!answer.ok) return; // a chat that is gone, or a moment too busy: the new events matter more
      for (const message of oldestFirst(objectsIn({ list: answer.value }, "list"))) {
        const event = readDispatch("MESSAGE_CREATE", message, me);
        if (event !== undefined && !(await handOn(event, ports))) return;
      }
    });
  }
}

function oldestFirst(messages: readonly Wild[]): readonly Wild[] {
  return messages
    .filter((message) => isSnowflake(textIn(message, "id")))
    .toSorted((a, b) => (BigInt(textIn(a, "id")) < BigInt(textIn(b, "id")) ? -1 : 1));
}
