/** The channels that `wirken channel add` connects: one row each. */
import { isAdapterChannel } from "#contracts/channel.ts";
import type { PlatformChannel } from "#contracts/channel-needs.ts";
import { discord } from "./discord.ts";
import { googlechat } from "./googlechat.ts";
import { matrix } from "./matrix.ts";
import type { ChannelSetup } from "./setup.ts";
import { signal } from "./signal.ts";
import { slack } from "./slack.ts";
import { telegram } from "./telegram.ts";
import { whatsapp } from "./whatsapp.ts";

export const CHANNEL_SETUPS = {
  googlechat,
  whatsapp,
  telegram,
  discord,
  slack,
  signal,
  matrix,
} as const satisfies Record<PlatformChannel, ChannelSetup>;

/** The channels, as people type them: "telegram, slack". */
export const CHANNEL_LIST = Object.keys(CHANNEL_SETUPS).join(", ");

/** How the channel of an instance (`slack`, `slack:eu`) is connected; `undefined` for one that nobody connects. */
export function setupOf(instance: string): ChannelSetup | undefined {
  const [kind = ""] = instance.split(":");
  return isAdapterChannel(kind) && kind !== "webchat" ? CHANNEL_SETUPS[kind] : undefined;
}
