/** Connecting Discord: the bot's token, tested by asking who it is; the invitation with the least rights. */
import { VERSION } from "#contracts/version.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type JsonObject, isJsonObject } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import { type ChannelSetup, type Connected, PROBE_MS_MAX, type ProbePorts } from "./setup.ts";

const TOKEN = /^[\w.-]{8,200}$/;
const ID = /^\d{15,21}$/;
/** See channels, write there and in threads, read what is answered: nothing more. */
const PERMISSIONS = (1n << 10n) | (1n << 11n) | (1n << 16n) | (1n << 38n);
/** GATEWAY_MESSAGE_CONTENT, and the same for a bot in few servers. */
const READS_CONTENT = (1 << 18) | (1 << 19);

export const discord: ChannelSetup = {
  label: "Discord",
  apiBase: "https://discord.com/api/v10",
  asks: [{ name: "token", kind: "token", question: "Token of the bot (Developer Portal, Bot, Reset Token)" }],
  probe,
  pairing: (bot, code) => ({
    link: "",
    press: "",
    byHand: `in a direct message to ${bot === "" ? "the bot" : `@${bot}`} send: /wirken pair ${code}`,
  }),
};

async function probe(ports: ProbePorts): Promise<Result<Connected, Fault>> {
  if (!ports.credential("token").use((text) => TOKEN.test(text))) {
    return fail("auth", "this is not a bot token", {
      hint: "copy it from the Developer Portal, page Bot, not the client secret",
    });
  }
  const user = await ask(ports, "/users/@me");
  if (!user.ok) return user;
  const { username } = user.value;
  if (typeof username !== "string" || !/^\S.{0,99}$/.test(username) || user.value["bot"] !== true) {
    return fail("protocol", "the token is not that of a bot", { hint: "use the token of page Bot" });
  }
  const application = await ask(ports, "/applications/@me");
  return ok({ bot: username, steps: application.ok ? stepsOf(application.value) : [] });
}

/** What is left to do at Discord: the invitation, and an intent that is off. */
function stepsOf(application: JsonObject): readonly string[] {
  const { id, flags } = application;
  if (typeof id !== "string" || !ID.test(id)) return [];
  const asks = `client_id=${id}&scope=bot+applications.commands&permissions=${String(PERMISSIONS)}`;
  const reads = typeof flags === "number" && (flags & READS_CONTENT) !== 0;
  return [
    `invite it to a server of yours: https://discord.com/oauth2/authorize?${asks}`,
    ...(reads
      ? []
      : [
          "the MESSAGE CONTENT intent is off: in servers it reads only what mentions it, which is enough for most",
          `(to switch it on: https://discord.com/developers/applications/${id}/bot)`,
        ]),
  ];
}

async function ask(
  { fetch, apiBase, credential }: ProbePorts,
  path: string,
): Promise<Result<JsonObject, Fault>> {
  let answer: unknown;
  let status = 0;
  try {
    const authorization = credential("token").use((text) => `Bot ${text}`);
    const response = await fetch(apiBase + path, {
      headers: { authorization, "user-agent": `DiscordBot (https://wirken.invalid, ${VERSION})` },
      signal: AbortSignal.timeout(PROBE_MS_MAX),
      redirect: "error",
    });
    status = response.status;
    answer = await response.json();
  } catch {
    return fail("unavailable", "Discord did not answer", { hint: "check the network, or `--api-base`" });
  }
  if (status === 200 && isJsonObject(answer)) return ok(answer);
  if (status === 401) {
    return fail("auth", "Discord does not know this token", {
      hint: "make a new one on page Bot of the Developer Portal",
    });
  }
  return fail("protocol", `this is not how Discord answers (status ${String(status)})`, {
    hint: "check `--api-base`",
  });
}
