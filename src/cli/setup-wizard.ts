/** The questions of `wirken setup` on a terminal. */
import { type ModelChoice, isHttpsOrLoopback } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretString } from "#contracts/secret.ts";
import type { Context } from "./context.ts";
import { ollamaModels } from "./model-probe.ts";

export interface SetupChoice {
  readonly model: ModelChoice;
  readonly key: SecretString | undefined;
}

const STOPPED = fail("refused", "nothing was changed");

/** Asks for provider, model, endpoint and key. */
export async function askChoice(context: Context): Promise<Result<SetupChoice, Fault>> {
  const prompts = await import("@clack/prompts");
  const found = await ollamaModels(context.fetch);
  prompts.intro("wirken setup");
  const provider = await prompts.select({
    message: "Which model should answer?",
    options: [
      ...(found.length > 0
        ? [
            {
              value: "ollama",
              label: "Ollama on this computer",
              hint: `${String(found.length)} models found`,
            } as const,
          ]
        : []),
      { value: "anthropic", label: "Anthropic", hint: "needs an API key" } as const,
      {
        value: "openai",
        label: "OpenAI or any compatible endpoint",
        hint: "needs its URL and, mostly, a key",
      } as const,
      { value: "rehearsal", label: "The rehearsal script", hint: "not a model; no account, no key" } as const,
    ],
  });
  if (prompts.isCancel(provider)) return STOPPED;
  if (provider === "rehearsal") return ok({ model: { provider, model: "script" }, key: undefined });
  if (provider === "ollama") {
    const model = await prompts.select({
      message: "Which of them?",
      options: found.map((name) => ({ value: name, label: name })),
    });
    return prompts.isCancel(model) ? STOPPED : ok({ model: { provider, model }, key: undefined });
  }
  const model = await prompts.text({ message: "The model's name", validate: notEmpty });
  if (prompts.isCancel(model)) return STOPPED;
  const baseUrl = await prompts.text({
    message: "Endpoint (leave empty for the provider's own)",
    defaultValue: "",
    validate: (text) =>
      text === undefined || text === "" || isHttpsOrLoopback(text)
        ? undefined
        : "https, or http to a loopback host",
  });
  if (prompts.isCancel(baseUrl)) return STOPPED;
  const key = await prompts.password({
    message: "API key (not shown; leave empty if the endpoint needs none)",
  });
  if (prompts.isCancel(key)) return STOPPED;
  const secret = key === "" ? undefined : SecretString.take(new TextEncoder().encode(key));
  return ok({ model: { provider, model, ...(baseUrl === "" ? {} : { base_url: baseUrl }) }, key: secret });
}

function notEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? "it needs a name" : undefined;
}
