/** `wirken channel add`: test the token live, seal it, configure the channel, and offer the pairing code. */
import { type Config, isHttpsOrLoopback } from "#contracts/config.ts";
import { fail } from "#contracts/fault.ts";
import { parseInstanceId } from "#contracts/ids.ts";
import { ok } from "#contracts/result.ts";
import { announceCredential } from "../../announce-credential.ts";
import type { Leaf } from "../../command.ts";
import { changeConfig } from "../../config-change.ts";
import { telegramBotName } from "../../telegram-probe.ts";
import { bytesOf, openOrMakeVault } from "../../vault-access.ts";
import { type PairingCode, pairingLines, pairingLink } from "./pairing.ts";

const TELEGRAM_API = "https://api.telegram.org";

export const add: Leaf = {
  description: "connect a channel: telegram",
  args: {
    instance: {
      type: "positional",
      description: "telegram, or telegram:<name> for a second bot",
      required: true,
    },
    "token-stdin": { type: "boolean", description: "read the bot's token from standard input" },
    "token-file": { type: "string", description: "read the bot's token from a file", valueHint: "PATH" },
    "api-base": {
      type: "string",
      description: "base URL of the platform (https, or loopback)",
      valueHint: "URL",
    },
    agent: {
      type: "string",
      description: "the agent that answers there",
      valueHint: "ID",
      default: "default",
    },
  },
  json: true,
  run: async (context, args) => {
    const instance = parseInstanceId(args.text("instance") ?? "");
    const kind = args.text("instance")?.split(":")[0];
    if (!instance.ok || kind !== "telegram") {
      return fail("usage", "this version connects telegram", {
        hint: "wirken channel add telegram --token-stdin",
      });
    }
    const apiBase = args.text("api-base");
    if (apiBase !== undefined && !isHttpsOrLoopback(apiBase)) {
      return fail("usage", "`--api-base` must be https, or http to a loopback host");
    }
    const file = args.text("token-file");
    const given = args.flag("token-stdin")
      ? await context.terminal.secretFromStdin()
      : file === undefined
        ? await context.terminal.askSecret("Token of the bot (from BotFather)")
        : await context.terminal.secretFromFile(file);
    if (!given.ok) return given;
    using token = given.value;
    const name = await telegramBotName(context.fetch, apiBase ?? TELEGRAM_API, token);
    if (!name.ok) return name;

    const opened = await openOrMakeVault(context);
    if (!opened.ok) return opened;
    using vault = opened.value.vault;
    using value = bytesOf(token);
    const scope = `channel/${instance.value}`;
    const origins =
      apiBase === undefined || apiBase.startsWith("http://") ? {} : { origins: [new URL(apiBase).origin] };
    const stored = vault.put({ scope, name: "token", kind: "token", value, ...origins });
    if (!stored.ok) return stored;
    const changed = await changeConfig(context, (config) =>
      withChannel(config, instance.value, args.text("agent"), apiBase),
    );
    if (!changed.ok) return changed;
    const version = stored.value.version;
    const change = version === 1 ? "added" : "rotated";
    await announceCredential(context, { scope, name: "token", version, change }, opened.value.made);
    const { running } = changed.value;
    const pairing = running ? await pairingCode(context, instance.value) : NO_CODE;
    const link = pairing.code === "" ? "" : pairingLink(name.value, apiBase, pairing.code);
    const view = { instance: instance.value, bot: name.value, running, ...pairing, link };
    context.out.data(view, () => [
      `connected: the bot is @${name.value}`,
      ...(pairing.code === ""
        ? [`next: start it with \`wirken run\`, then \`wirken channel pair ${instance.value}\``]
        : pairingLines(pairing, name.value, link)),
    ]);
    return ok(0);
  },
};

const NO_CODE: PairingCode = { code: "", expiresMs: 0 };

async function pairingCode(context: Parameters<Leaf["run"]>[0], instance: string): Promise<PairingCode> {
  const client = await context.connect();
  if (!client.ok) return NO_CODE;
  using connection = client.value;
  const made = await connection.call("channel_pair", { instance, upTo: 2 });
  if (made.ok) return made.value;
  context.out.fault(made.error);
  return NO_CODE;
}

function withChannel(config: Config, instance: string, agent = "default", apiBase?: string): Config {
  const before = config.channels[instance];
  const entry = {
    open_groups: before?.open_groups ?? [],
    agent,
    ...(apiBase === undefined ? {} : { api_base: apiBase }),
  };
  return { ...config, channels: { ...config.channels, [instance]: entry } };
}
