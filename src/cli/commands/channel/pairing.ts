/** A pairing code as an operator passes it on: the link that opens the bot with it, and the words to send by hand. */
import { moment } from "../../output.ts";

/** Telegram's names of bots (https://core.telegram.org/bots/features#creating-a-new-bot). */
const BOT_NAME = /^\w{4,32}$/;

export interface PairingCode {
  readonly code: string;
  /** Unix milliseconds. */
  readonly expiresMs: number;
}

/**
 * The deep link that sends `/start CODE` with one press (https://core.telegram.org/bots/features#deep-linking); empty
 * for a bot that another server than Telegram's own serves, or whose name is not known.
 */
export function pairingLink(bot: string, apiBase: string | undefined, code: string): string {
  return apiBase === undefined && BOT_NAME.test(bot) ? `https://t.me/${bot}?start=${code}` : "";
}

/** What to do with a code, line by line. */
export function pairingLines(code: PairingCode, bot: string, link: string): readonly string[] {
  const whom = bot === "" ? "the bot" : `@${bot}`;
  const by = `from your own account send ${whom}: /start ${code.code}`;
  return [
    ...(link === "" ? [by] : [`open ${link} and press Start`, `or ${by}`]),
    `it works once, until ${moment(code.expiresMs)}; then say "list files"`,
  ];
}
