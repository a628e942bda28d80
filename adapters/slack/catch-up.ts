/**
 * What a direct conversation holds that no event told us of: Slack drops events that nobody took within some
 * minutes, its history keeps the messages. What the gateway has already it drops.
 */
import type { AdapterHost } from "#kit/adapter.ts";
import { isJsonObject } from "#contracts/json.ts";
import { pause } from "#kit/pause.ts";
import type { SlackApi } from "./api.ts";
import type { Me } from "./identity.ts";
import type { SlackEvent } from "./inbound.ts";
import { readWritten } from "./message.ts";

/** Messages of one conversation that are looked at; older ones stay unread. */
const MESSAGES = 100;
/** Slack lets an app read about fifty pages of history a minute; what is left is for others. */
const CALLS_PER_MINUTE = 40;
const MINUTE_MS = 60_000;

export interface Histories {
  /** Takes one of the minute's calls; false when there is none left. */
  reserve(): boolean;
  /** Messages of people after `ts`, oldest first, with a call that was reserved; none where Slack refuses. */
  after(channel: string, ts: string): Promise<readonly SlackEvent[]>;
  /** Resolves when there is a call left; false when `signal` aborts first. */
  room(signal: AbortSignal): Promise<boolean>;
}

export interface HistoryPorts {
  readonly api: SlackApi;
  readonly me: Me;
  readonly clock: AdapterHost["clock"];
}

/** The histories of one workspace's direct conversations. */
export function histories({ api, me, clock }: HistoryPorts): Histories {
  let begunMs = clock.monotonic();
  let left = CALLS_PER_MINUTE;
  const refill = (): void => {
    const now = clock.monotonic();
    if (now - begunMs < MINUTE_MS) return;
    begunMs = now;
    left = CALLS_PER_MINUTE;
  };
  return {
    reserve: () => {
      refill();
      if (left === 0) return false;
      left -= 1;
      return true;
    },
    after: async (channel, ts) => {
      const answer = await api.ask("conversations.history", { channel, oldest: ts, limit: String(MESSAGES) });
      if (!answer.ok && answer.error.kind === "rate") left = 0;
      const messages: unknown = answer.ok ? answer.value["messages"] : undefined;
      const list: readonly unknown[] = Array.isArray(messages) ? messages : [];
      return list.toReversed().flatMap((message) => {
        const event = isJsonObject(message) ? readWritten(message, channel, me) : undefined;
        return event ?? [];
      });
    },
    room: async (signal) => {
      refill();
      return left > 0 || (await pause(clock, begunMs + MINUTE_MS - clock.monotonic(), signal));
    },
  };
}
