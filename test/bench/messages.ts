/** The message that the benches send: a line of talk in a chat, as an adapter reports it. */
import type { Payload } from "#contracts/frame.ts";

/** An inbound frame of `channel` with a fresh event id; `n` tells events apart. */
export function talk(
  channel: string,
  n: number,
  conversation = "bench",
): Extract<Payload, { kind: "inbound" }> {
  return {
    kind: "inbound",
    inbound: {
      eventId: `event-${n}`,
      messageId: `message-${n}`,
      senderId: "owner",
      displayName: "you",
      channel,
      instance: channel,
      conversation,
      thread: "",
      parts: [{ kind: "text", text: "What does notes.md say about the release on Friday?" }],
      tsMs: 1_700_000_000_000,
      isGroup: false,
      mentioned: true,
      replyTo: "",
      editOf: "",
      kind: "message",
      value: "",
    },
  };
}
