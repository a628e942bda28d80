/**
 * Long polling with a durable offset. Telegram forgets an update once a higher offset is asked for, so the
 * offset moves only over updates that the gateway has durably. While some are still on their way (a file is
 * being fetched) the poll goes on without waiting, so that a button is never held up by a download.
 */
import type { Update } from "grammy/types";
import type { Fault } from "#contracts/fault.ts";
import type { AdapterHost, InboundDraft } from "#kit/adapter.ts";
import { dropFiles } from "#kit/attachment.ts";
import { type AckWindow, type Cursor, ackWindow, openCursor } from "#kit/cursor.ts";
import { pause } from "#kit/pause.ts";
import { isJsonObject } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { POLL_S, type TelegramApi } from "./api.ts";
import type { ApiFailure } from "./failure.ts";
import { fetchFile } from "./fetch-file.ts";
import { type Me, type TelegramEvent, UPDATE_KINDS, readUpdate } from "./inbound.ts";

const CURSOR = "updates";
/** After a week of silence Telegram numbers updates anew, at random: an old offset would hide them. */
const OFFSET_MS_MAX = 6 * 86_400_000;
const BUSY_POLL_MS = 300;
const QUICK_MS = 1_000;

export interface PollPorts {
  readonly host: AdapterHost;
  readonly api: TelegramApi;
  readonly me: Me;
  readonly signal: AbortSignal;
  /** A poll failed: report it and wait. False when the loop must end. */
  readonly onFailure: (failure: ApiFailure) => Promise<boolean>;
  readonly onSuccess: () => void;
}

/** Polls until the signal aborts or `onFailure` says so. A fault is the state folder's. */
export async function pollUpdates(ports: PollPorts): Promise<Result<void, Fault>> {
  const { host, api, signal } = ports;
  const cursor = await openCursor(host.state, CURSOR);
  if (!cursor.ok) return cursor;
  const window = ackWindow(offsetOf(cursor.value, host));
  const chats = new Map<string, Promise<void>>();
  let calm = false; // the first poll, and the one after a failure, tell at once how things are
  while (!signal.aborted) {
    const wait: number = calm && window.waiting === 0 ? POLL_S : 0;
    const began = host.clock.monotonic();
    const answer = await ask(api, window.next, wait);
    if (signal.aborted) break;
    calm = answer.ok;
    if (!answer.ok) {
      if (!(await ports.onFailure(answer.error))) break;
      continue;
    }
    ports.onSuccess();
    let news = 0;
    const round = { ...ports, window, cursor: cursor.value, chats };
    for (const update of answer.value) if (begin(update, round)) news++;
    if (window.waiting > 0) await settled(chats, host, signal);
    // A server that does not wait, or says the same again, is asked at a human pace.
    else if (news === 0 && wait > 0 && host.clock.monotonic() - began < QUICK_MS) {
      await pause(host.clock, QUICK_MS, signal);
    }
  }
  return ok(undefined);
}

/** One poll. An answer of another shape counts as one that did not come. */
async function ask(api: TelegramApi, offset: number, wait: number): Promise<Result<Update[], ApiFailure>> {
  const answer = await api.attempt((raw) =>
    raw.getUpdates({
      ...(offset > 0 ? { offset } : {}),
      limit: 100,
      timeout: wait,
      allowed_updates: UPDATE_KINDS,
    }),
  );
  return answer.ok && !isUpdates(answer.value) ? err({ kind: "unsure" }) : answer;
}

function isUpdates(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((update: unknown) => isJsonObject(update) && Number.isSafeInteger(update["update_id"]))
  );
}

interface Round extends PollPorts {
  readonly window: AckWindow;
  readonly cursor: Cursor;
  /** The last event of each chat: events of a chat stay in order, chats do not wait for each other. */
  readonly chats: Map<string, Promise<void>>;
}

/** Starts an update on its way, after those of its chat before it. False when it is on its way already. */
function begin(update: Update, round: Round): boolean {
  const { window, chats, me, host } = round;
  if (!window.begin(update.update_id)) return false;
  const event = readSafely(update, me, host);
  const chat = event === undefined ? "" : event.draft.conversation;
  // A button waits for nothing: it may answer what an earlier message of its chat asks for.
  const before = event?.draft.kind === "button" ? undefined : chats.get(chat);
  const key = event?.draft.kind === "button" ? `${chat} ${event.draft.eventId}` : chat;
  const work = (before ?? Promise.resolve())
    .then(() => (event === undefined ? true : handOn(event, round)))
    .catch(() => {
      host.log.warn("an update of unknown shape was passed over"); // else it would come again for ever
      return true;
    })
    .then(async (safe) => {
      if (!safe) return; // the connection is gone: the update comes again in the next life
      window.done(update.update_id);
      await round.cursor.move(`${window.next}:${host.clock.now()}`);
      await host.failPoint("cursor.written");
    })
    .finally(() => {
      if (chats.get(key) === work) chats.delete(key);
    });
  chats.set(key, work);
  return true;
}

/** Hands an event on; true once it is safe with the gateway. */
async function handOn(event: TelegramEvent, { host, api }: Round): Promise<boolean> {
  const files = await Promise.all(event.files.map((file) => fetchFile(file, api, host.spool)));
  const draft: InboundDraft = { ...event.draft, parts: [...event.draft.parts, ...files] };
  const ack = await host.inbound(draft);
  if (!ack.ok) return false;
  // The gateway takes the files of what it recorded and of nothing else: a stranger must not fill the disk.
  if (ack.value !== "recorded") await dropFiles(files, host.spool);
  if (event.callbackId !== "") {
    // Best effort: a button that goes on turning does no harm.
    void api.attempt((raw) => raw.answerCallbackQuery({ callback_query_id: event.callbackId }));
  }
  return true;
}

/** An update whose shape is not Telegram's is passed over, not a reason to die. */
function readSafely(update: Update, me: Me, host: AdapterHost): TelegramEvent | undefined {
  try {
    return readUpdate(update, me);
  } catch {
    host.log.warn("an update of unknown shape was passed over");
    return undefined;
  }
}

/** Waits until all events are safe, or a moment, whichever comes first. */
async function settled(
  chats: Map<string, Promise<void>>,
  host: AdapterHost,
  signal: AbortSignal,
): Promise<void> {
  const done = new AbortController();
  const all = Promise.all(chats.values());
  await Promise.race([all, pause(host.clock, BUSY_POLL_MS, AbortSignal.any([signal, done.signal]))]);
  done.abort();
}

/** The offset to begin with: the kept one, unless it is so old that Telegram may have numbered anew. */
function offsetOf(cursor: Cursor, host: AdapterHost): number {
  const [, next = "0", at = "0"] = /^(\d{1,15}):(\d{1,15})$/.exec(cursor.value) ?? [];
  return host.clock.now() - Number(at) > OFFSET_MS_MAX ? 0 : Number(next);
}
