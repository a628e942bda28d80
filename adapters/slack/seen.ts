/**
 * How far direct conversations were handed on, durably. Slack offers an event that was not acknowledged three
 * times more and then drops it; what is missing after an absence is read from the conversation's history,
 * from here on.
 */
import type { AdapterHost } from "#kit/adapter.ts";
import { type Json, isJsonObject } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Fault } from "#contracts/fault.ts";
import { readDocument, writeDocument } from "#kit/json-document.ts";
import type { StateStore } from "#kit/state-store.ts";
import { isSlackId, isTs, tsOfMs } from "./identity.ts";

const DOCUMENT = "direct-chats";
/** Conversations that are followed; the ones that were silent longest go first. */
const CHATS_MAX = 500;
/** What is older is not run any more: nobody waits for it. */
const AGE_MS_MAX = 86_400_000;

export interface Seen {
  /** Conversations that are followed, the latest last. */
  readonly channels: readonly string[];
  /** The time stamp after which the conversation may hold what the gateway has not. */
  after(channel: string): string;
  /** Notes what the gateway has answered; resolves when it is on the disk. */
  note(channel: string, ts: string): Promise<void>;
  /** Notes that a conversation that is followed came this far, though the gateway recorded nothing. */
  pass(channel: string, ts: string): void;
  /** Nothing that was said before now is on its way any more, whoever said it. */
  settle(): Promise<void>;
}

interface Kept {
  sinceMs: number;
  readonly chats: Map<string, string>;
}

/** Opens what an earlier life noted. */
export async function openSeen(state: StateStore, clock: AdapterHost["clock"]): Promise<Result<Seen, Fault>> {
  const stored = await readDocument(state, DOCUMENT, parseKept);
  if (!stored.ok) return stored;
  const kept = stored.value ?? { sinceMs: clock.now(), chats: new Map<string, string>() };
  const { chats } = kept;
  let writing: Promise<unknown> = Promise.resolve();
  let waiting: Promise<unknown> | undefined;
  /**
   * One write at a time; all notes that come meanwhile are in the next. One that fails costs a look at the
   * history.
   */
  const write = (): Promise<unknown> => {
    waiting ??= writing.then(() => {
      waiting = undefined;
      writing = writeDocument(state, DOCUMENT, toJson(kept));
      return writing;
    });
    return waiting;
  };
  if (stored.value === undefined) await write();
  return ok({
    get channels() {
      return [...chats.keys()];
    },
    after: (channel) => {
      const floor = clock.now() - AGE_MS_MAX;
      const ts = chats.get(channel);
      if (ts !== undefined && Number(ts) * 1_000 > floor) return ts;
      return tsOfMs(Math.max(kept.sinceMs, floor));
    },
    note: async (channel, ts) => {
      if (!move(chats, channel, ts)) return;
      for (const oldest of chats.keys()) {
        if (chats.size <= CHATS_MAX) break;
        chats.delete(oldest);
      }
      await write();
    },
    pass: (channel, ts) => {
      if (chats.has(channel) && move(chats, channel, ts)) void write();
    },
    settle: async () => {
      kept.sinceMs = clock.now();
      await write();
    },
  });
}

function move(chats: Map<string, string>, channel: string, ts: string): boolean {
  if (Number(ts) <= Number(chats.get(channel) ?? "")) return false;
  chats.delete(channel);
  chats.set(channel, ts);
  return true;
}

function toJson({ sinceMs, chats }: Kept): Json {
  return { sinceMs, chats: [...chats] };
}

function parseKept(value: unknown): Kept | undefined {
  if (!isJsonObject(value)) return undefined;
  const { sinceMs, chats: list } = value;
  if (typeof sinceMs !== "number" || !Array.isArray(list)) return undefined;
  const chats = new Map<string, string>();
  for (const entry of list) {
    if (!Array.isArray(entry)) return undefined;
    const [channel, ts]: readonly unknown[] = entry;
    if (typeof channel !== "string" || typeof ts !== "string") return undefined;
    if (!isSlackId(channel) || !isTs(ts)) return undefined;
    chats.set(channel, ts);
  }
  return { sinceMs, chats };
}
