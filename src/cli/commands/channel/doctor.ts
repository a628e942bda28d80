/** `wirken channel doctor`: asks the platform, the adapter here, and the address outside, and says what does not answer. */
import { isAdapterChannel } from "#contracts/channel.ts";
import { webhookPortOf } from "#contracts/channel-needs.ts";
import { isHttpsOrLoopback } from "#contracts/config.ts";
import { FAULT_EXIT, type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretString } from "#contracts/secret.ts";
import { readConfigFile } from "#host/config-file.ts";
import type { Vault } from "#vault/vault.ts";
import type { ChannelSetup, ProbePorts, Reach } from "../../channels/setup.ts";
import { setupOf } from "../../channels/table.ts";
import type { Leaf } from "../../command.ts";
import type { Context } from "../../context.ts";
import { table } from "../../output.ts";
import { openVault } from "../../vault-access.ts";

export const doctor: Leaf = {
  description: "test a channel: its credentials, and for channels that listen the way in",
  args: {
    instance: { type: "positional", description: "the channel, e.g. whatsapp", required: true },
    url: { type: "string", description: "the address that the platform was given", valueHint: "URL" },
  },
  json: true,
  run: async (context, args) => {
    const instance = args.text("instance") ?? "";
    const setup = setupOf(instance);
    const config = readConfigFile(context.paths.config);
    if (!config.ok) return config;
    const entry = Object.hasOwn(config.value.channels, instance)
      ? config.value.channels[instance]
      : undefined;
    if (setup === undefined || entry === undefined) {
      return fail("not_found", "there is no such channel", {
        hint: "`wirken channel list` shows what there is",
      });
    }
    const url = args.text("url");
    if (url !== undefined && (setup.webhook === undefined || !isHttpsOrLoopback(url))) {
      return fail("usage", "`--url` is an https address, of a channel that listens");
    }
    const opened = await openVault(context);
    if (!opened.ok) return opened;
    using vault = opened.value;
    using held = new DisposableStack();
    const credentials = copiesOf(vault, instance, setup, held);
    if (!credentials.ok) return credentials;
    const [kind = ""] = instance.split(":");
    const ports: ProbePorts = {
      fetch: context.fetch,
      apiBase: (entry.api_base ?? setup.apiBase ?? "").replace(/\/+$/, ""),
      credential: credentials.value,
      webhookPort: isAdapterChannel(kind) ? webhookPortOf(kind, entry.port) : undefined,
      nowMs: context.clock.now(),
    };
    const found = await examine(context, setup, ports, url);
    context.out.data(found, () =>
      table(
        ["what", "good", "found"],
        found.map((row) => [row.what, row.good ? "yes" : "no", row.found]),
      ),
    );
    return ok(found.every(({ good }) => good) ? 0 : FAULT_EXIT.unavailable);
  },
};

type Finding = { readonly what: string; readonly good: boolean; readonly found: string };

async function examine(
  context: Context,
  setup: ChannelSetup,
  ports: ProbePorts,
  url: string | undefined,
): Promise<Finding[]> {
  const probed = await setup.probe(ports);
  const findings: Finding[] = [
    {
      what: setup.label,
      good: probed.ok,
      found: probed.ok ? `knows us as ${probed.value.bot}` : probed.error.message,
    },
  ];
  const { webhook } = setup;
  if (webhook === undefined) return findings;
  const here = `http://127.0.0.1:${ports.webhookPort ?? 0}${webhook.path}`;
  const ask = async (address: string): Promise<Reach> =>
    await webhook.reaches(address, ports, context.random);
  findings.push(
    findingOf("here", here, await ask(here), "is `wirken run` running, and the channel not rejected?"),
  );
  if (url !== undefined) {
    findings.push(findingOf("outside", url, await ask(url), `does it lead to ${here}, with its path?`));
  }
  return findings;
}

function findingOf(what: string, address: string, reach: Reach, otherwise: string): Finding {
  const words = {
    ours: `${address} leads to this channel`,
    another: `something else answers at ${address}: ${otherwise}`,
    nothing: `nothing answers at ${address}: ${otherwise}`,
  } as const satisfies Record<Reach, string>;
  return { what, good: reach === "ours", found: words[reach] };
}

/** The channel's credentials, copied out of the vault until `held` is disposed. */
function copiesOf(
  vault: Vault,
  instance: string,
  setup: ChannelSetup,
  held: DisposableStack,
): Result<(name: string) => SecretString, Fault> {
  const copies = new Map<string, SecretString>();
  for (const { name } of setup.asks) {
    const copy = vault.use(`channel/${instance}`, name, (value) =>
      value.use((bytes) => SecretString.take(bytes.slice())),
    );
    if (!copy.ok) return copy;
    copies.set(name, held.use(copy.value));
  }
  return ok((name) => {
    const copy = copies.get(name);
    if (copy === undefined) throw new Error("a credential that the channel's row does not name");
    return copy;
  });
}
