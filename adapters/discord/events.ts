/**
 * Events on their way: in order within a chat, each acknowledged to Discord in time, and the session moved over those
 * alone that the gateway has.
 */
import type { InboundDraft } from "#kit/adapter.ts";
import type { AdapterHost } from "#kit/adapter.ts";
import { dropFiles, takeFile } from "#kit/attachment.ts";
import type { ChatOrder } from "#kit/chat-order.ts";
import type { AckWindow, Cursor } from "#kit/cursor.ts";
import type { Wild } from "#kit/json-fields.ts";
import type { DiscordApi } from "./api.ts";
import type { Chats } from "./chats.ts";
import { type DiscordEvent, type Interaction, type Me, readDispatch } from "./inbound.ts";
import { type Session, sessionText } from "./session.ts";

const DEFERRED_UPDATE = 6;
const MESSAGE = 4;
const EPHEMERAL = 1 << 6;

export interface EventPorts {
  readonly host: AdapterHost;
  readonly api: DiscordApi;
  readonly me: Me;
  readonly order: ChatOrder;
  readonly chats: Chats;
}

/** The stream of one session. */
export interface Stream {
  readonly session: Pick<Session, "id" | "url">;
  readonly window: AckWindow;
  readonly cursor: Cursor;
}

/** Starts an event on its way; one that is on its way already, or safe, is dropped. */
export function beginEvent(name: string, data: Wild, seq: number, stream: Stream, ports: EventPorts): void {
  const { window } = stream;
  if (!window.begin(seq)) return;
  const event = readDispatch(name, data, ports.me);
  if (event === undefined) return window.done(seq); // the session moves over it with the next event that counts
  if (event.interaction !== undefined) acknowledge(event.interaction, ports.api);
  ports.order.run(event.draft.conversation, event.draft.kind === "button", async () => {
    if (!(await handOn(event, ports))) return; // the connection is gone: Discord repeats it to the next life
    window.done(seq);
    await stream.cursor.move(sessionText({ ...stream.session, seq: window.next - 1 }));
    await ports.host.failPoint("cursor.written");
  });
}

/** Hands an event on; true once it is safe with the gateway. */
export async function handOn(event: DiscordEvent, { host, api, chats }: EventPorts): Promise<boolean> {
  const open = (url: string) => () => api.download(url);
  const files = await Promise.all(event.files.map((file) => takeFile(file, open(file.url), host.spool)));
  const draft: InboundDraft = { ...event.draft, parts: [...event.draft.parts, ...files] };
  const ack = await host.inbound(draft);
  if (!ack.ok) return false;
  if (ack.value !== "recorded") await dropFiles(files, host.spool);
  else if (!draft.isGroup && event.interaction === undefined && draft.editOf === "")
    chats.note(draft.conversation, draft.messageId);
  return true;
}

/**
 * Discord shows "failed" after three seconds, so it hears at once, and the same for everybody: whoever pressed learns
 * nothing of whether it counted. Best effort: the event counts without it.
 */
function acknowledge({ id, token, kind }: Interaction, api: DiscordApi): void {
  const answer =
    kind === "button"
      ? { type: DEFERRED_UPDATE }
      : { type: MESSAGE, data: { content: "Passed on.", flags: EPHEMERAL, allowed_mentions: { parse: [] } } };
  void api.call("POST", `/interactions/${id}/${encodeURIComponent(token)}/callback`, answer);
}
