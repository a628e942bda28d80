/**
 * Received messages on their way to the gateway. signal-cli says each once and keeps no account of what was heard, so
 * they are on our disk before anything is done with them. Newer versions number their last events and say them again
 * from a number on: ours moves when the gateway has what came before it, and an old number costs repetitions alone.
 */
import type { Fault } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { AdapterHost } from "#kit/adapter.ts";
import { dropFiles } from "#kit/attachment.ts";
import { type ChatOrder, chatOrder } from "#kit/chat-order.ts";
import { type Cursor, openCursor } from "#kit/cursor.ts";
import { type InboundJournal, type KeptEvents, openInboundJournal } from "#kit/inbound-journal.ts";
import { type Slots, slots } from "#kit/slots.ts";
import { isUntrusted, readEnvelope } from "./envelope.ts";
import { takeParts } from "./files.ts";
import { type Me, type SignalEvent, readMessage } from "./inbound.ts";
import { meaningOf } from "./reaction.ts";
import type { SignalRpc } from "./rpc.ts";
import type { ServerEvent } from "./sse.ts";

/** Before the first event: whoever asks from here on is told again whatever is still known. */
const BEGINNING = "0";
/** Messages in memory on their way; above it signal-cli is not read, and keeps the rest. */
const OPEN_MAX = 256;

export interface Inbox {
  /** After which event signal-cli is to go on, where it numbers them; empty before the first stream. */
  readonly position: string;
  /** A stream was opened: the next one is not the first, and asks for what was missed in between. */
  opened(): Promise<void>;
  /** Takes up what an earlier life left, once. */
  resume(me: Me): Promise<void>;
  /** Takes events; they are safe when it resolves with success. */
  take(events: readonly ServerEvent[], me: Me): Promise<Result<void, Fault>>;
}

export interface InboxPorts {
  readonly host: AdapterHost;
  readonly rpc: SignalRpc;
  /** A message could not be read because its sender's safety number changed. */
  readonly onUntrusted: () => void;
}

/** Opens the inbox over the state folder. */
export async function openInbox(ports: InboxPorts): Promise<Result<Inbox, Fault>> {
  const { state } = ports.host;
  const journal = await openInboundJournal(state);
  if (!journal.ok) return journal;
  const cursor = await openCursor(state, "events");
  if (!cursor.ok) return cursor;
  const { left } = journal.value;
  const moving = { ...ports, journal: journal.value, cursor: cursor.value, order: chatOrder() };
  const desk: Desk = { ...moving, room: slots(OPEN_MAX), moved: 0 };
  let position = left.findLast((kept) => kept.position !== "")?.position ?? cursor.value.value;
  const waiting = [...left];
  return ok({
    get position() {
      return position;
    },
    opened: async () => {
      if (position !== "") return;
      position = BEGINNING;
      await desk.cursor.move(BEGINNING);
    },
    resume: async (me) => {
      for (const kept of waiting.splice(0)) await begin(kept, me, desk);
    },
    take: async (events, me) => {
      const news = events.filter((event) => isNews(event, me, desk));
      const last = events.at(-1)?.id ?? "";
      if (news.length > 0) {
        const kept = await desk.journal.keep(
          news.map(({ data }) => data),
          last,
        );
        if (!kept.ok) return kept;
        await begin(kept.value, me, desk);
      }
      if (last !== "") position = last;
      return ok(undefined);
    },
  });
}

interface Desk extends InboxPorts {
  readonly journal: InboundJournal;
  readonly cursor: Cursor;
  readonly order: ChatOrder;
  readonly room: Slots;
  /** The newest events that are known to be with the gateway. */
  moved: number;
}

/** Receipts, typing signs and what our other devices do are most of the stream: they are not written down. */
function isNews(event: ServerEvent, me: Me, desk: Desk): boolean {
  if (event.name !== "receive") return false;
  const value = valueOf(event.data);
  if (isUntrusted(value)) desk.onUntrusted();
  return eventOf(value, me) !== undefined;
}

/** Starts kept events on their way, each after those of its chat before it. */
async function begin(kept: KeptEvents, me: Me, desk: Desk): Promise<void> {
  let open = kept.events.length;
  for (const text of kept.events) {
    await desk.room.take();
    const event = eventOf(valueOf(text), me);
    const chat = event?.draft.conversation ?? "";
    desk.order.run(chat, event !== undefined && event.reactsTo !== "", async () => {
      const isSafe = event === undefined || (await handOn(event, desk));
      desk.room.free();
      if (isSafe && --open === 0) await finish(kept, desk);
    });
  }
}

/** Hands an event on; true once it is safe with the gateway. */
async function handOn(event: SignalEvent, { host, rpc }: Desk): Promise<boolean> {
  const parts = await takeParts(event, rpc, host.spool);
  const draft = { ...event.draft, parts };
  const meant = event.reactsTo === "" ? draft : await meaningOf(draft, event.reactsTo, host.state);
  const ack = await host.inbound(meant);
  if (!ack.ok) return false; // the connection is gone: the next life takes it up
  if (ack.value !== "recorded") await dropFiles(parts, host.spool);
  return true;
}

async function finish(kept: KeptEvents, desk: Desk): Promise<void> {
  if (kept.order > desk.moved && kept.position !== "") {
    desk.moved = kept.order;
    await desk.cursor.move(kept.position); // if it cannot be written, more is said again: harmless
  }
  await desk.host.failPoint("cursor.written");
  await desk.journal.drop(kept);
}

function eventOf(value: unknown, me: Me): SignalEvent | undefined {
  const envelope = readEnvelope(value);
  return envelope === undefined ? undefined : readMessage(envelope, me);
}

function valueOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
