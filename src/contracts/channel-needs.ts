/**
 * What each adapter needs before it can run, as one total table: the keeper checks the vault by it, the launch plan
 * opens ports by it, and `wirken channel add` asks by it. A new channel adds a row here and a row of questions in
 * `src/cli/channels/table.ts`.
 */
import type { AdapterChannel } from "./channel.ts";

export interface ChannelNeeds {
  /** Names in the channel's vault scope without which its adapter has nothing to do. */
  readonly credentials: readonly string[];
  /**
   * Where the adapter's traffic goes. `page`: it serves this computer's browser and connects to nothing. `platform`:
   * the platform's own servers (443 and names), and the configured base. `own_server`: only the server that the
   * operator names, which every instance must therefore have.
   */
  readonly reach: "page" | "platform" | "own_server";
  /**
   * Port on 127.0.0.1 where the platform's events arrive, unless the operator chose another; absent for channels that
   * only call out. A tunnel or a reverse proxy carries them there.
   */
  readonly webhookPort?: number;
}

export const CHANNEL_NEEDS = {
  webchat: { credentials: [], reach: "page" },
  telegram: { credentials: ["token"], reach: "platform" },
  whatsapp: {
    credentials: ["token", "app-secret", "phone-number-id"],
    reach: "platform",
    webhookPort: 18_793,
  },
  googlechat: {
    credentials: ["service-account", "project-number"],
    reach: "platform",
    webhookPort: 18_794,
  },
  discord: { credentials: ["token"], reach: "platform" },
  slack: { credentials: ["token", "app-token"], reach: "platform" },
  signal: { credentials: ["account"], reach: "own_server" },
  matrix: { credentials: ["token", "owner"], reach: "own_server" },
} as const satisfies Record<AdapterChannel, ChannelNeeds>;

/** Channels that an operator connects to a platform: all but the page, which always runs. */
export type PlatformChannel = Exclude<AdapterChannel, "webchat">;

/** Where a channel listens: on the port that the operator chose, or on its own; `undefined` for one that does not. */
export function webhookPortOf(channel: AdapterChannel, chosen: number | undefined): number | undefined {
  const { webhookPort } = needsOf(channel);
  return webhookPort === undefined ? undefined : (chosen ?? webhookPort);
}

/** The channel's needs, as the general shape. */
export function needsOf(channel: AdapterChannel): ChannelNeeds {
  return CHANNEL_NEEDS[channel];
}
