/**
 * What a direct conversation holds that no event told us of: Slack drops events that nobody took within some
 * minutes, its history keeps the messages. What the gateway has already it drops.
 */
import type { AdapterHost } from "#kit/adapter.ts";
import { isJsonObject } from "#contracts/json.ts";
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
  /** Messages of people after `ts`, oldest first; none where Slack refuses, or was asked too much. */
  after(channel: string, ts: string): Promise<readonly SlackEvent[]>;
}

export interface HistoryPorts {
  readonly api: SlackApi;
  readonly me: Me;
  readonly clock: AdapterHost["clock"];
}

/** The histories of one workspace's direct conversations. */
export function histories({ api, me, clock }: HistoryPorts): Histories {
  let begunMs = clock.monotonic();
  let calls = 0;
  return {
    after: async (channel, ts) => {
      const now = clock.monotonic();
      if (now - begunMs >= MINUTE_MS) {
        begunMs = now;
        calls = 0;
      }
      calls += 1;
      if (calls > CALLS_PER_MINUTE) return [];
      const answer = await api.ask("conversations.history", { channel, oldest: ts, limit: String(MESSAGES) });
      if (!answer.ok && answer.error.kind === "rate") calls = CALLS_PER_MINUTE;
      const messages: unknown = answer.ok ? answer.value["messages"] : undefined;
      const list: readonly unknown[] = Array.isArray(messages) ? messages : [];
      return list.toReversed().flatMap((message) => {
        const event = isJsonObject(message) ? readWritten(message, channel, me) : undefined;
        return event ?? [];
      });
    },
  };
}
