/**
 * Connecting Slack: the bot's token and the app's, each tested live; the app's settings as one manifest, so
 * that nothing is clicked together and nothing more is granted than what is used.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type JsonObject, isJsonObject, textMember } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import { type ChannelSetup, type Connected, PROBE_MS_MAX, type ProbePorts } from "./setup.ts";

const BOT_TOKEN = /^xoxb-[\w-]{10,250}$/;
const APP_TOKEN = /^xapp-[\w-]{10,250}$/;
const BOT_NAME = /^[\w.-]{1,80}$/;

export const slack: ChannelSetup = {
  label: "Slack",
  apiBase: "https://slack.com/api",
  asks: [
    { name: "token", kind: "token", question: "Bot token (xoxb-…, from OAuth & Permissions)" },
    { name: "app-token", kind: "token", question: "App-level token (xapp-…, from Basic Information)" },
  ],
  probe,
  pairing: (bot, code) => ({
    link: "", // Slack opens a conversation by a link, but puts no words into it
    press: "",
    byHand: `in a direct message to ${bot === "" ? "the bot" : `@${bot}`} send: /wirken pair ${code}, or the code alone`,
  }),
};

/**
 * The bot's name by `auth.test`; that the other token may open a socket, by asking for one that nobody opens.
 */
async function probe(ports: ProbePorts): Promise<Result<Connected, Fault>> {
  const token = ports.credential("token");
  const appToken = ports.credential("app-token");
  if (!token.use((text) => BOT_TOKEN.test(text))) {
    return fail("auth", "this is not a bot token", { hint: "it begins with xoxb-; xapp- is the other one" });
  }
  if (!appToken.use((text) => APP_TOKEN.test(text))) {
    return fail("auth", "this is not an app-level token", {
      hint: "it begins with xapp-; xoxb- is the other one",
    });
  }
  const me = await call(ports, "auth.test", token);
  if (!me.ok) return me;
  const bot = textMember(me.value, "user");
  if (textMember(me.value, "bot_id") === "" || !BOT_NAME.test(bot)) {
    return fail("protocol", "this is not how Slack answers for a bot", { hint: "check `--api-base`" });
  }
  const socket = await call(ports, "apps.connections.open", appToken);
  if (!socket.ok) return socket;
  return ok({ bot, steps: ["in channels: /invite the bot, and mention it; no other scope is needed"] });
}

/** One call. No fault repeats a credential, or Slack's words. */
async function call(
  { fetch, apiBase }: ProbePorts,
  method: string,
  token: SecretString,
): Promise<Result<JsonObject, Fault>> {
  let answer: unknown;
  try {
    const response = await fetch(`${apiBase}/${method}`, {
      method: "POST",
      headers: token.use((text) => ({
        authorization: `Bearer ${text}`,
        "content-type": "application/json; charset=utf-8",
      })),
      body: "{}",
      signal: AbortSignal.timeout(PROBE_MS_MAX),
      redirect: "error",
    });
    answer = await response.json();
  } catch {
    return fail("unavailable", "Slack did not answer", { hint: "check the network, or `--api-base`" });
  }
  if (!isJsonObject(answer) || typeof answer["ok"] !== "boolean") {
    return fail("protocol", "this is not how Slack answers", { hint: "check `--api-base`" });
  }
  return answer["ok"] ? ok(answer) : refusal(method, textMember(answer, "error"));
}

function refusal(method: string, word: string): Result<never, Fault> {
  const which = method === "auth.test" ? "bot token" : "app-level token";
  switch (word) {
    case "ratelimited":
    case "rate_limited":
      return fail("unavailable", "Slack asks to slow down", { hint: "try again in a minute" });
    case "missing_scope":
    case "not_allowed_token_type":
      return fail("auth", `the ${which} lacks a scope`, {
        hint: "the app-level token needs connections:write; docs/channels/slack.md has the whole manifest",
      });
    case "link_disabled":
    case "socket_mode_disabled":
      return fail("auth", "Socket Mode is switched off for this app", {
        hint: "switch it on in the app's settings, Socket Mode",
      });
    default:
      return fail("auth", `Slack does not know this ${which}`, {
        hint: "copy it again from the app's settings on api.slack.com/apps",
      });
  }
}
