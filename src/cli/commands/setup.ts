/** `wirken setup`: choose a model. A wizard on a terminal, flags for scripts; the choice is tested before it holds. */
import { type ModelChoice, PROVIDERS, type ProviderName, isHttpsOrLoopback } from "#contracts/config.ts";
import type { ControlParams } from "#contracts/control.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { Vault } from "#vault/vault.ts";
import { announceCredential } from "../announce-credential.ts";
import type { Arguments, Leaf } from "../command.ts";
import { changeConfig } from "../config-change.ts";
import type { Context } from "../context.ts";
import { BASE_URL, probeModel } from "../model-probe.ts";
import { type SetupChoice, askChoice } from "../setup-wizard.ts";
import { bytesOf, openOrMakeVault } from "../vault-access.ts";

export const setup: Leaf = {
  description: "choose the model (a wizard; flags for scripts)",
  args: {
    "non-interactive": { type: "boolean", description: "ask nothing" },
    provider: { type: "string", description: PROVIDERS.join(", "), valueHint: "NAME" },
    model: { type: "string", description: "the model's name at the provider", valueHint: "NAME" },
    "base-url": {
      type: "string",
      description: "the endpoint (https, or http to loopback)",
      valueHint: "URL",
    },
    "key-stdin": { type: "boolean", description: "read the API key from standard input" },
    "no-test": { type: "boolean", description: "do not ask the endpoint whether key and model are right" },
  },
  json: true,
  run: async (context, args) => {
    const chosen =
      args.text("provider") === undefined ? await wizard(context, args) : await fromFlags(context, args);
    if (!chosen.ok) return chosen;
    const { model, key } = chosen.value;
    try {
      return await apply(context, model, key, !args.flag("no-test"));
    } finally {
      key?.[Symbol.dispose]();
    }
  },
};

async function apply(
  context: Context,
  model: ModelChoice,
  key: SecretString | undefined,
  test: boolean,
): Promise<Result<number, Fault>> {
  if (test) {
    const tested = await probeModel(context.fetch, model, key);
    if (!tested.ok) return tested;
    context.out.say(tested.value);
  }
  const stored = key === undefined ? ok(undefined) : await storeKey(context, model, key);
  if (!stored.ok) return stored;
  const changed = await changeConfig(context, (config) => ({ ...config, model }));
  // Told last: the gateway is started again for the key, and finds the new choice in the file.
  if (stored.value !== undefined) await announceCredential(context, stored.value.change, stored.value.made);
  if (!changed.ok) return changed;
  const { running, restarted } = changed.value;
  context.out.data({ model, running, restarted }, () => [
    `the model is now ${nameOf(model)}`,
    running && stored.value?.made !== "passphrase"
      ? "it answers from the next message on"
      : "start with `wirken run`",
  ]);
  return ok(0);
}

function nameOf(model: ModelChoice): string {
  return model.provider === "rehearsal"
    ? "the rehearsal script (not a model)"
    : `${model.provider} · ${model.model}`;
}

interface StoredKey {
  readonly change: ControlParams<"credential_changed">;
  /** Where the key of a vault is kept that was made for it. */
  readonly made: Vault["keptIn"] | undefined;
}

async function storeKey(
  context: Context,
  model: ModelChoice,
  key: SecretString,
): Promise<Result<StoredKey, Fault>> {
  const opened = await openOrMakeVault(context);
  if (!opened.ok) return opened;
  using vault = opened.value.vault;
  using value = bytesOf(key);
  const { origin } = new URL(model.base_url ?? BASE_URL[model.provider]);
  const [scope, name] = ["provider", model.provider];
  const stored = vault.put({ scope, name, kind: "api_key", value, origins: [origin] });
  if (!stored.ok) return stored;
  const { version } = stored.value;
  const change = version === 1 ? "added" : "rotated";
  return ok({ change: { scope, name, version, change }, made: opened.value.made });
}

async function fromFlags(context: Context, args: Arguments): Promise<Result<SetupChoice, Fault>> {
  const provider = args.text("provider") ?? "";
  if (!isProvider(provider)) return fail("usage", `the provider is one of ${PROVIDERS.join(", ")}`);
  const name = args.text("model") ?? (provider === "rehearsal" ? "script" : undefined);
  if (name === undefined) return fail("usage", "`--model` is needed with `--provider`");
  const baseUrl = args.text("base-url");
  if (baseUrl !== undefined && !isHttpsOrLoopback(baseUrl)) {
    return fail("usage", "`--base-url` must be https, or http to a loopback host");
  }
  const model = { provider, model: name, ...(baseUrl === undefined ? {} : { base_url: baseUrl }) };
  if (!args.flag("key-stdin")) return ok({ model, key: undefined });
  const key = await context.terminal.secretFromStdin();
  return key.ok ? ok({ model, key: key.value }) : key;
}

async function wizard(context: Context, args: Arguments): Promise<Result<SetupChoice, Fault>> {
  if (args.flag("non-interactive") || !context.terminal.interactive) {
    return fail("usage", "without a terminal the choice must be given", {
      hint: "wirken setup --non-interactive --provider anthropic --model NAME --key-stdin",
    });
  }
  return await askChoice(context);
}

function isProvider(name: string): name is ProviderName {
  return PROVIDERS.some((known) => known === name);
}
