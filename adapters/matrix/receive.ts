/**
 * Syncs with a durable place. Each answer's events are handed on, in order within a room; the place moves
 * over an answer when the gateway has all of it and all before it. Meanwhile the next sync goes on: an
 * approval is not held up by a download.
 */
import type { Fault } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { AdapterHost } from "#kit/adapter.ts";
import { chatOrder } from "#kit/chat-order.ts";
import { type AckWindow, type Cursor, ackWindow, openCursor } from "#kit/cursor.ts";
import { type Wild, numberIn, textIn } from "#kit/json-fields.ts";
import { pause } from "#kit/pause.ts";
import { type MatrixApi, SYNC_MS } from "./api.ts";
import type { Desk } from "./desk.ts";
import type { MatrixFailure } from "./failure.ts";
import { type RoomNews, fillGap, readNews } from "./sync.ts";

/** Answers whose events are on their way; above it the homeserver keeps the rest. */
const OPEN_MAX = 16;
const BUSY_MS = 100;
const QUICK_MS = 1_000;
/** At the very first sync, what was written while the channel was being connected counts as news. */
const FIRST_LOOK_MS = 10 * 60_000;

export interface ReceivePorts {
  readonly host: AdapterHost;
  readonly api: MatrixApi;
  readonly desk: Desk;
  readonly me: string;
  readonly signal: AbortSignal;
  /** A sync failed: report it and wait. False when the loop must end. */
  readonly onFailure: (failure: MatrixFailure) => Promise<boolean>;
  readonly onSuccess: () => void;
}

/** Syncs until the signal aborts or `onFailure` says so. A fault is the state folder's. */
export async function receiveAll(ports: ReceivePorts): Promise<Result<void, Fault>> {
  const { host, signal } = ports;
  const cursor = await openCursor(host.state, "sync");
  if (!cursor.ok) return cursor;
  const places: Places = { cursor: cursor.value, window: ackWindow(1), tokens: new Map() };
  const order = chatOrder();
  let since = cursor.value.value;
  let calm = false; // the first sync, and the one after a failure, tell at once how things are
  let last = 0;
  while (!signal.aborted) {
    const began = host.clock.monotonic();
    const news = await ask(ports, since, calm ? SYNC_MS : 0);
    if (signal.aborted) break;
    const wasCalm = calm;
    calm = news.ok;
    if (!news.ok) {
      if (!(await ports.onFailure(news.error))) break;
      continue;
    }
    ports.onSuccess();
    const { rooms, invitations, next } = news.value;
    for (const invitation of invitations) await ports.desk.invited(invitation);
    const isNews = next !== since;
    if (isNews) {
      const number = ++last;
      places.window.begin(number);
      places.tokens.set(number, next);
      const works = await Promise.all(rooms.map((room) => worksOf(ports, room, since)));
      begin(order, works.flat(), () => moveOver(number, places, host));
    }
    since = next;
    while (places.window.waiting > OPEN_MAX) if (!(await pause(host.clock, BUSY_MS, signal))) break;
    // A server that does not wait, or says the same again, is asked at a human pace.
    if (!isNews && wasCalm && host.clock.monotonic() - began < QUICK_MS)
      await pause(host.clock, QUICK_MS, signal);
  }
  return ok(undefined);
}

/** One sync. An answer of another shape counts as one that did not come. */
async function ask({ api, me }: ReceivePorts, since: string, waitMs: number) {
  const answer = await api.sync(since, waitMs);
  if (!answer.ok) return answer;
  const news = readNews(answer.value, me);
  return news.next === "" ? err({ kind: "unsure" } as const) : ok(news);
}

interface Work {
  readonly room: string;
  readonly isReaction: boolean;
  /** True once it is safe. */
  readonly run: () => Promise<boolean>;
}

/** What is to be done for a room: its events, and those that were left out before them. */
async function worksOf({ api, desk, host }: ReceivePorts, news: RoomNews, since: string): Promise<Work[]> {
  const { room } = news;
  const earlier = since !== "" && news.gapBefore !== "" ? await fillGap(api, news, since) : [];
  const first = since === "" ? host.clock.now() - FIRST_LOOK_MS : 0;
  const works: Work[] = [];
  if (news.isEncrypted) works.push({ room, isReaction: false, run: () => desk.encrypted(room) });
  for (const event of [...earlier, ...news.events]) {
    if (numberIn(event, "origin_server_ts") < first) continue;
    works.push({ room, isReaction: isReaction(event), run: () => desk.handOn(room, event) });
  }
  return works;
}

function isReaction(event: Wild): boolean {
  return textIn(event, "type") === "m.reaction";
}

/** Starts all works; `done` when every one of them is safe. */
function begin(order: ReturnType<typeof chatOrder>, works: readonly Work[], done: () => Promise<void>): void {
  let open = works.length;
  if (open === 0) void done();
  for (const { room, isReaction: isButton, run } of works) {
    order.run(room, isButton, async () => {
      if ((await run()) && --open === 0) await done();
    });
  }
}

interface Places {
  readonly cursor: Cursor;
  readonly window: AckWindow;
  readonly tokens: Map<number, string>;
}

/** Answer `number` is safe: the place moves to behind the last of which this is true without a hole. */
async function moveOver(
  number: number,
  { cursor, window, tokens }: Places,
  host: AdapterHost,
): Promise<void> {
  window.done(number);
  const safe = window.next - 1;
  const to = tokens.get(safe);
  for (const old of tokens.keys()) if (old < safe) tokens.delete(old);
  if (to === undefined) return;
  await cursor.move(to); // if it cannot be written, more is said again: harmless
  await host.failPoint("cursor.written");
}
