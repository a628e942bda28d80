/** Connecting Telegram: the token from BotFather, tested with `getMe`; a deep link that pairs with one press. */
import { type Fault, fail } from "#contracts/fault.ts";
import { isJsonObject } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import { type ChannelSetup, type Connected, PROBE_MS_MAX, type ProbePorts } from "./setup.ts";

const TOKEN = /^\d{3,20}:[A-Za-z0-9_-]{10,100}$/;
/** Telegram's names of bots (https://core.telegram.org/bots/features#creating-a-new-bot). */
const BOT_NAME = /^\w{4,32}$/;

export const telegram: ChannelSetup = {
  label: "Telegram",
  apiBase: "https://api.telegram.org",
  asks: [{ name: "token", kind: "token", question: "Token of the bot (from BotFather)" }],
  probe,
  pairing: (bot, code, isOwnServer) => ({
    // https://core.telegram.org/bots/features#deep-linking; a bot of another server is not on t.me.
    link: !isOwnServer && BOT_NAME.test(bot) ? `https://t.me/${bot}?start=${code}` : "",
    press: "press Start",
    byHand: `from your own account send ${bot === "" ? "the bot" : `@${bot}`}: /start ${code}`,
  }),
};

/** The bot's user name. The token stands in the URL, as the Bot API wants it; no fault repeats the URL. */
async function probe({ fetch, apiBase, credential }: ProbePorts): Promise<Result<Connected, Fault>> {
  const token = credential("token");
  if (!token.use((text) => TOKEN.test(text))) {
    return fail("auth", "this is not a bot token", { hint: "BotFather writes it as 123456:ABC-…" });
  }
  let answer: unknown;
  let status = 0;
  try {
    const url = token.use((text) => `${apiBase}/bot${text}/getMe`);
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_MS_MAX), redirect: "error" });
    status = response.status;
    answer = await response.json();
  } catch {
    // The error's text would hold the URL, and so the token.
    return fail("unavailable", "Telegram did not answer", { hint: "check the network, or `--api-base`" });
  }
  const result = isJsonObject(answer) && answer["ok"] === true ? answer["result"] : undefined;
  const name = isJsonObject(result) ? result["username"] : undefined;
  if (typeof name === "string" && /^\w{1,64}$/.test(name)) return ok({ bot: name, steps: [] });
  if (status === 401 || status === 404) {
    return fail("auth", "Telegram does not know this token", {
      hint: "copy it again from BotFather, or make a new one with /token",
    });
  }
  return fail("protocol", `this is not how Telegram answers (status ${String(status)})`, {
    hint: "check `--api-base`",
  });
}
