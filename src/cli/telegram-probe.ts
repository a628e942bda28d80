/** The live test of a Telegram token: asks the Bot API who the bot is (getMe). */
import { type Fault, fail } from "#contracts/fault.ts";
import { isJsonObject } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";

const TOKEN = /^\d{3,20}:[A-Za-z0-9_-]{10,100}$/;
const BOT_NAME = /^\w{1,64}$/;
const ANSWER_MS_MAX = 15_000;

/** The bot's user name. The token stands in the URL, as the Bot API wants it; no fault repeats the URL. */
export async function telegramBotName(
  fetch: (url: string, init?: RequestInit) => Promise<Response>,
  apiBase: string,
  token: SecretString,
): Promise<Result<string, Fault>> {
  if (!token.use((text) => TOKEN.test(text))) {
    return fail("auth", "this is not a bot token", { hint: "BotFather writes it as 123456:ABC-…" });
  }
  let answer: unknown;
  let status = 0;
  try {
    const url = token.use((text) => `${apiBase.replace(/\/+$/, "")}/bot${text}/getMe`);
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX), redirect: "error" });
    status = response.status;
    answer = await response.json();
  } catch {
    // The error's text would hold the URL, and so the token.
    return fail("unavailable", "Telegram did not answer", { hint: "check the network, or `--api-base`" });
  }
  const result = isJsonObject(answer) && answer["ok"] === true ? answer["result"] : undefined;
  const name = isJsonObject(result) ? result["username"] : undefined;
  if (typeof name === "string" && BOT_NAME.test(name)) return ok(name);
  if (status === 401 || status === 404) {
    return fail("auth", "Telegram does not know this token", {
      hint: "copy it again from BotFather, or make a new one with /token",
    });
  }
  return fail("protocol", `this is not how Telegram answers (status ${String(status)})`, {
    hint: "check `--api-base`",
  });
}
