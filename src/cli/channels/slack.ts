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
const SCOPE = /^[a-z][a-z._:]{1,60}$/;
/** Without these the bot hears or says nothing. */
const NEEDED: readonly string[] = ["app_mentions:read", "chat:write", "commands", "im:history"];
/** What docs/channels/slack.md has a use for. */
const USEFUL: readonly string[] = [
  "files:read",
  "users:read",
  "channels:history",
  "groups:history",
  "mpim:history",
  "reactions:read",
];
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
  const bot = textMember(me.value.answer, "user");
  if (textMember(me.value.answer, "bot_id") === "" || !BOT_NAME.test(bot)) {
    return fail("protocol", "this is not how Slack answers for a bot", { hint: "check `--api-base`" });
  }
  const socket = await call(ports, "apps.connections.open", appToken);
  if (!socket.ok) return socket;
  return ok({
    bot,
    steps: [...scopeSteps(me.value.scopes), "in channels: /invite the bot, then mention it"],
  });
}

/** What the granted scopes lack, and what they have too much. @param scopes empty where Slack does not say them */
function scopeSteps(scopes: readonly string[]): readonly string[] {
  if (scopes.length === 0) return [];
  const missing = NEEDED.filter((scope) => !scopes.includes(scope));
  const surplus = scopes.filter((scope) => ![...NEEDED, ...USEFUL].includes(scope));
  const where = "in the app's settings, OAuth & Permissions, then install it again";
  return [
    ...(missing.length === 0 ? [] : [`add the scopes ${missing.join(", ")}: ${where}`]),
    ...(surplus.length === 0 ? [] : [`take away what is not used, ${surplus.join(", ")}: ${where}`]),
  ];
}

interface Answered {
  readonly answer: JsonObject;
  /** Of the token, as the header `x-oauth-scopes` says them. */
  readonly scopes: readonly string[];
}

/** One call. No fault repeats a credential, or Slack's words. */
async function call(
  { fetch, apiBase }: ProbePorts,
  method: string,
  token: SecretString,
): Promise<Result<Answered, Fault>> {
  const authorization = token.use((text) => `Bearer ${text}`);
  let answer: unknown;
  let scopes: readonly string[] = [];
  try {
    const response = await fetch(`${apiBase}/${method}`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json; charset=utf-8" },
      body: "{}",
      signal: AbortSignal.timeout(PROBE_MS_MAX),
      redirect: "error",
    });
    scopes = (response.headers.get("x-oauth-scopes") ?? "").split(",").map((word) => word.trim());
    answer = await response.json();
  } catch {
    return fail("unavailable", "Slack did not answer", { hint: "check the network, or `--api-base`" });
  }
  if (!isJsonObject(answer) || typeof answer["ok"] !== "boolean") {
    return fail("protocol", "this is not how Slack answers", { hint: "check `--api-base`" });
  }
  if (!answer["ok"]) return refusal(method, textMember(answer, "error"));
  return ok({ answer, scopes: scopes.filter((word) => SCOPE.test(word)) });
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
