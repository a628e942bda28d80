/**
 * The providers, as a total table: what each needs and how a model of it is built. A key is bound to its
 * origins before a model exists; a base URL is https, or http to a loopback host.
 */
import { type ModelChoice, type ProviderName, isHttpsOrLoopback } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { ANTHROPIC_HEADERS, ANTHROPIC_MAPPER, anthropicBody, anthropicDecoder } from "./anthropic.ts";
import { type BoundKey, mayReceive } from "./bound-key.ts";
import { type Fetch, type StreamDecoder, exchange } from "./exchange.ts";
import type { Redact } from "./llm-status.ts";
import { type Model, type ModelRequest, tokensByBytes } from "./model.ts";
import { OLLAMA_MAPPER, ollamaBody, ollamaDecoder } from "./ollama.ts";
import { OPENAI_MAPPER, openaiBody, openaiDecoder } from "./openai.ts";
import { rehearsalModel } from "./rehearsal.ts";

export interface ModelParts {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: Random;
  /** The provider's key from the vault, with the origins it is bound to there. */
  readonly key: { readonly secret: SecretString; readonly allowedOrigins: readonly string[] } | undefined;
  /** Takes the secrets of this process out of what a refusal quotes, before it is cut. */
  readonly redact: Redact;
}

export interface ProviderTraits {
  /** Base URL where the configuration names none; empty where there is no network. */
  readonly base: string;
  /** Name of the key in the vault's scope `provider`; empty where none is needed. */
  readonly keyName: string;
  /** A key is needed even for a base URL of one's own. */
  readonly keyRequired: boolean;
  readonly contextTokens: number;
  readonly answerTokens: number;
}

export const PROVIDER_TRAITS = {
  rehearsal: { base: "", keyName: "", keyRequired: false, contextTokens: 32_768, answerTokens: 2_048 },
  openai: {
    base: "https://api.openai.com/v1",
    keyName: "openai",
    keyRequired: false,
    contextTokens: 128_000,
    answerTokens: 8_192,
  },
  ollama: {
    base: "http://127.0.0.1:11434",
    keyName: "",
    keyRequired: false,
    contextTokens: 16_384,
    answerTokens: 4_096,
  },
  anthropic: {
    base: "https://api.anthropic.com",
    keyName: "anthropic",
    keyRequired: true,
    contextTokens: 200_000,
    answerTokens: 8_192,
  },
} as const satisfies Record<ProviderName, ProviderTraits>;

type Format = Pick<Model, "contextTokens" | "answerTokens"> & {
  readonly path: string;
  readonly mapper: string;
  readonly header: BoundKey["header"];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: (request: ModelRequest) => Uint8Array;
  readonly decoder: (where: string, redact: Redact) => StreamDecoder;
};

const FACTORIES = {
  rehearsal: (_, parts) => ok(rehearsalModel(parts.clock)),
  openai: (choice, parts) =>
    httpModel(choice, parts, {
      ...tokensOf(choice),
      path: "/chat/completions",
      mapper: OPENAI_MAPPER,
      header: "authorization",
      headers: {},
      body: (request) => openaiBody(choice.model, request, choice.answer_tokens),
      decoder: openaiDecoder,
    }),
  ollama: (choice, parts) =>
    httpModel(choice, parts, {
      ...tokensOf(choice),
      path: "/api/chat",
      mapper: OLLAMA_MAPPER,
      header: "authorization",
      headers: {},
      body: (request) => {
        const { contextTokens } = tokensOf(choice);
        return ollamaBody(choice.model, request, { context: contextTokens, answer: choice.answer_tokens });
      },
      decoder: ollamaDecoder,
    }),
  anthropic: (choice, parts) =>
    httpModel(choice, parts, {
      ...tokensOf(choice),
      path: "/v1/messages",
      mapper: ANTHROPIC_MAPPER,
      header: "x-api-key",
      headers: ANTHROPIC_HEADERS,
      body: (request) => anthropicBody(choice.model, request, tokensOf(choice).answerTokens),
      decoder: anthropicDecoder,
    }),
} as const satisfies Record<ProviderName, (choice: ModelChoice, parts: ModelParts) => Result<Model, Fault>>;

/** Builds the model that the configuration names. Fails for a base URL or key that may not be used. */
export function buildModel(choice: ModelChoice, parts: ModelParts): Result<Model, Fault> {
  return FACTORIES[choice.provider](choice, parts);
}

/** Where a model runs, in words. */
export function whereOf(choice: ModelChoice): string {
  if (choice.provider === "rehearsal") return "a script, not a model";
  const url = new URL(baseOf(choice));
  return url.protocol === "http:" || isLoopback(url.hostname) ? "this computer" : url.host;
}

function httpModel(choice: ModelChoice, parts: ModelParts, format: Format): Result<Model, Fault> {
  const base = baseOf(choice);
  if (!isHttpsOrLoopback(base)) {
    return fail("config", "the model's base URL must be https, or http to a loopback host", {
      reason: "base_url",
    });
  }
  const url = `${base.replace(/\/+$/, "")}${format.path}`;
  const key = parts.key === undefined ? undefined : { ...parts.key, header: format.header };
  if (key !== undefined && !mayReceive(key, url)) {
    const { origin } = new URL(url);
    return fail(
      "refused",
      `the key of ${choice.provider} was not stored for ${origin}, so it does not go there`,
      {
        reason: "key_origin",
        hint: `wirken credentials rotate ${choice.provider} --origin ${origin}`,
      },
    );
  }
  if (key === undefined && PROVIDER_TRAITS[choice.provider].keyRequired) {
    return fail("auth", `the provider ${choice.provider} needs a key`, {
      reason: "key_missing",
      hint: `wirken credentials add ${choice.provider}`,
    });
  }
  const where = whereOf(choice);
  const { fetch, clock, random, redact } = parts;
  return ok({
    provider: choice.provider,
    model: choice.model,
    where,
    contextTokens: format.contextTokens,
    answerTokens: format.answerTokens,
    estimateTokens: tokensByBytes,
    prepare: (request) => ({ body: format.body(request), mapper: format.mapper }),
    stream: ({ body }, signal) => {
      const decoder = (): StreamDecoder => format.decoder(where, redact);
      return exchange(
        { url, headers: format.headers, key, body, decoder, where, fetch, clock, random, redact },
        signal,
      );
    },
  });
}

function baseOf(choice: ModelChoice): string {
  return choice.base_url ?? PROVIDER_TRAITS[choice.provider].base;
}

function tokensOf(choice: ModelChoice): Pick<Model, "contextTokens" | "answerTokens"> {
  const traits = PROVIDER_TRAITS[choice.provider];
  const contextTokens = choice.context_tokens ?? traits.contextTokens;
  // An answer's share never eats the window: half of it at most.
  const answerTokens = Math.min(choice.answer_tokens ?? traits.answerTokens, Math.floor(contextTokens / 2));
  return { contextTokens, answerTokens };
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
