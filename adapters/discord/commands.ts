/** The slash command `/wirken say:…`, made known to Discord: the words are the same as those that people type. */
import type { AdapterHost } from "#kit/adapter.ts";
import type { DiscordApi } from "./api.ts";
import { SLASH } from "./inbound.ts";

const CHAT_INPUT = 1;
const STRING = 3;
const IN_SERVERS = 0;
const WITH_BOT = 1;

/** Adds or replaces the one command; the bot's other commands stay. Without it people type what they want to say. */
export async function registerCommand(
  api: DiscordApi,
  application: string,
  log: AdapterHost["log"],
): Promise<void> {
  const made = await api.call("POST", `/applications/${application}/commands`, {
    type: CHAT_INPUT,
    name: SLASH.name,
    description: "Say something to wirken, or a command of it: status, stop, new, help",
    contexts: [IN_SERVERS, WITH_BOT],
    integration_types: [IN_SERVERS],
    options: [{ type: STRING, name: SLASH.option, description: "What to say", required: true }],
  });
  if (!made.ok)
    log.warn("Discord did not take the slash command; typed words work", { why: made.error.kind });
}
