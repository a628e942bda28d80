/** `wirken channel add`: test the credentials live, seal them, configure the channel, and offer the pairing code. */
import { needsOf, webhookPortOf } from "#contracts/channel-needs.ts";
import { isAdapterChannel } from "#contracts/channel.ts";
import { type Config, isHttpsOrLoopback } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type InstanceId, parseInstanceId } from "#contracts/ids.ts";
import { type Result, ok } from "#contracts/result.ts";
import { announceCredential } from "../../announce-credential.ts";
import { Credentials, credentialArgs } from "../../channels/credential-input.ts";
import type { ChannelSetup } from "../../channels/setup.ts";
import { CHANNEL_LIST, setupOf } from "../../channels/table.ts";
import type { Arguments, Leaf } from "../../command.ts";
import { changeConfig } from "../../config-change.ts";
import type { Context } from "../../context.ts";
import { bytesOf, openOrMakeVault } from "../../vault-access.ts";
import { type PairingCode, pairingLines } from "./pairing.ts";

export const add: Leaf = {
  description: `connect a channel: ${CHANNEL_LIST}`,
  args: {
    instance: {
      type: "positional",
      description: "the channel, or <channel>:<name> for a second account, e.g. telegram:work",
      required: true,
    },
    ...credentialArgs(),
    "api-base": {
      type: "string",
      description: "base URL of the platform's server (https, or loopback)",
      valueHint: "URL",
    },
    port: {
      type: "string",
      description: "port on 127.0.0.1 for the platform's events, of channels that listen",
      valueHint: "PORT",
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
    const wanted = wantedFrom(args);
    if (!wanted.ok) return wanted;
    const { instance, setup, apiBase, server, webhookPort } = wanted.value;
    const read = await Credentials.read(context, args, setup);
    if (!read.ok) return read;
    using credentials = read.value;
    const found = await setup.probe({
      fetch: context.fetch,
      apiBase: server,
      credential: (name) => credentials.get(name),
      webhookPort,
      nowMs: context.clock.now(),
    });
    if (!found.ok) return found;
    const stored = await store(context, wanted.value, credentials);
    if (!stored.ok) return stored;
    const changed = await changeConfig(context, (config) =>
      withChannel(config, wanted.value, args.text("agent")),
    );
    if (!changed.ok) return changed;
    for (const { name, version } of stored.value.entries) {
      const change = version === 1 ? "added" : "rotated";
      const scope = `channel/${instance}`;
      await announceCredential(context, { scope, name, version, change }, stored.value.made);
    }
    const { running } = changed.value;
    const code = running ? await pairingCode(context, instance) : NO_CODE;
    const { bot, steps } = found.value;
    const words = setup.pairing(bot, code.code, apiBase !== undefined);
    const link = code.code === "" ? "" : words.link;
    context.out.data({ instance, bot, steps: [...steps], running, ...code, link }, () => [
      `connected: the bot is @${bot}`,
      ...steps,
      ...(code.code === ""
        ? [`next: start it with \`wirken run\`, then \`wirken channel pair ${instance}\``]
        : pairingLines(code, words)),
    ]);
    return ok(0);
  },
};

interface Wanted {
  readonly instance: InstanceId;
  readonly setup: ChannelSetup;
  /** As the operator chose it; `undefined`: the platform's own. */
  readonly apiBase: string | undefined;
  /** The server to ask, without a slash at its end. */
  readonly server: string;
  /** Where it listens; `undefined` for a channel that only calls out. */
  readonly webhookPort: number | undefined;
}

function wantedFrom(args: Arguments): Result<Wanted, Fault> {
  const word = args.text("instance") ?? "";
  const instance = parseInstanceId(word);
  const setup = setupOf(word);
  if (!instance.ok || setup === undefined) {
    return fail("usage", `this version connects ${CHANNEL_LIST}`, {
      hint: "wirken channel add telegram --token-stdin",
    });
  }
  const apiBase = args.text("api-base");
  if (apiBase !== undefined && !isHttpsOrLoopback(apiBase)) {
    return fail("usage", "`--api-base` must be https, or http to a loopback host");
  }
  const server = apiBase ?? setup.apiBase;
  if (server === undefined) {
    return fail("usage", "this channel needs the server that it speaks to", {
      hint: `wirken channel add ${word} --api-base URL`,
    });
  }
  const port = portFrom(instance.value, args.text("port"));
  if (!port.ok) return port;
  const webhookPort = port.value;
  return ok({ instance: instance.value, setup, apiBase, server: server.replace(/\/+$/, ""), webhookPort });
}

/** The port of a channel that listens. A second account has no port of its own until somebody chooses one. */
function portFrom(instance: InstanceId, text: string | undefined): Result<number | undefined, Fault> {
  const [kind = "", name] = instance.split(":");
  const usual = isAdapterChannel(kind) ? webhookPortOf(kind, undefined) : undefined;
  if (usual === undefined) {
    return text === undefined ? ok(undefined) : fail("usage", "this channel listens on no port");
  }
  if (text === undefined && name === undefined) return ok(usual);
  const port = /^\d{4,5}$/.test(text ?? "") ? Number(text) : 0;
  if (port >= 1_024 && port <= 65_535) return ok(port);
  return fail("usage", "`--port` is needed here: a port of its own, from 1024 to 65535", {
    hint: `wirken channel add ${instance} --port ${usual + 10}`,
  });
}

interface Stored {
  readonly entries: readonly { readonly name: string; readonly version: number }[];
  readonly made: Parameters<typeof announceCredential>[2];
}

/** Seals every credential, each for the server that it was given for. */
async function store(
  context: Context,
  { instance, setup, apiBase }: Wanted,
  credentials: Credentials,
): Promise<Result<Stored, Fault>> {
  const opened = await openOrMakeVault(context);
  if (!opened.ok) return opened;
  using vault = opened.value.vault;
  const origins = originsFor(instance, apiBase);
  const entries: { name: string; version: number }[] = [];
  for (const { name, kind } of setup.asks) {
    using value = bytesOf(credentials.get(name));
    const stored = vault.put({ scope: `channel/${instance}`, name, kind, value, ...origins });
    if (!stored.ok) return stored;
    entries.push({ name, version: stored.value.version });
  }
  return ok({ entries, made: opened.value.made });
}

/**
 * Where the credentials may go. None are named for the platform's own server; nor for one on this computer, where the
 * platform has one of its own that a key could be meant for (src/keeper/api-base.ts).
 */
function originsFor(instance: string, apiBase: string | undefined): { readonly origins?: readonly string[] } {
  if (apiBase === undefined) return {};
  const [kind = ""] = instance.split(":");
  const isOwn = isAdapterChannel(kind) && needsOf(kind).reach === "own_server";
  return isOwn || !apiBase.startsWith("http://") ? { origins: [new URL(apiBase).origin] } : {};
}

const NO_CODE: PairingCode = { code: "", expiresMs: 0 };

async function pairingCode(context: Context, instance: string): Promise<PairingCode> {
  const client = await context.connect();
  if (!client.ok) return NO_CODE;
  using connection = client.value;
  const made = await connection.call("channel_pair", { instance, upTo: 2 });
  if (made.ok) return made.value;
  context.out.fault(made.error);
  return NO_CODE;
}

function withChannel(config: Config, wanted: Wanted, agent = "default"): Config {
  const { instance, apiBase, webhookPort } = wanted;
  const { open_groups = [], template } = config.channels[instance] ?? {};
  const entry = {
    open_groups,
    ...(template === undefined ? {} : { template }),
    agent,
    ...(apiBase === undefined ? {} : { api_base: apiBase }),
    ...(webhookPort === undefined ? {} : { port: webhookPort }),
  };
  return { ...config, channels: { ...config.channels, [instance]: entry } };
}
