/** The live test of a model choice: does the endpoint answer, does it take the key, does it know the model. */
import type { ModelChoice, ProviderName } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { isJsonObject } from "#contracts/json.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";

const ANSWER_MS_MAX = 15_000;

/** Where each provider is asked when the operator names no base URL. */
export const BASE_URL = {
  rehearsal: "",
  openai: "https://api.openai.com/v1",
  ollama: "http://127.0.0.1:11434",
  anthropic: "https://api.anthropic.com",
} as const satisfies Record<ProviderName, string>;

type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** What the test found, as a sentence. Fails with `auth`, `not_found` or `unavailable`. */
export async function probeModel(
  fetch: Fetch,
  choice: ModelChoice,
  key: SecretString | undefined,
): Promise<Result<string, Fault>> {
  if (choice.provider === "rehearsal")
    return ok("the rehearsal script needs no test: it is a script, not a model");
  const base = (choice.base_url ?? BASE_URL[choice.provider]).replace(/\/+$/, "");
  const { host } = new URL(base);
  const listed = await listModels(fetch, choice.provider, base, key);
  if (!listed.ok) return listed;
  const { status, models } = listed.value;
  if (status === 401 || status === 403) {
    return fail("auth", `${host} refused the key (${String(status)})`, {
      hint: "nothing was stored; try another key",
    });
  }
  if (status === 404) return ok(`${host} answers, but lists no models; the first message will tell`);
  if (status >= 400) return fail("unavailable", `${host} answered with status ${String(status)}`);
  if (
    models.length > 0 &&
    !models.some((name) => name === choice.model || name === `${choice.model}:latest`)
  ) {
    return fail("not_found", `${host} does not have the model`, {
      hint: `it has: ${models.slice(0, 12).join(", ")}`,
    });
  }
  return ok(`${host} answers and has the model`);
}

/** Models of an Ollama on this computer; empty when there is none. */
export async function ollamaModels(fetch: Fetch): Promise<readonly string[]> {
  const listed = await listModels(fetch, "ollama", BASE_URL.ollama, undefined);
  return listed.ok && listed.value.status === 200 ? listed.value.models : [];
}

async function listModels(
  fetch: Fetch,
  provider: Exclude<ProviderName, "rehearsal">,
  base: string,
  key: SecretString | undefined,
): Promise<Result<{ status: number; models: readonly string[] }, Fault>> {
  const path = { openai: "/models", ollama: "/api/tags", anthropic: "/v1/models?limit=1000" }[provider];
  try {
    const response = await fetch(`${base}${path}`, {
      headers: headersOf(provider, key),
      redirect: "error", // a key is never carried to another host
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    const body: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
    return ok({ status: response.status, models: namesOf(body) });
  } catch {
    return fail("unavailable", `${new URL(base).host} does not answer`, {
      hint: "check the network, or `--base-url`",
    });
  }
}

function headersOf(provider: ProviderName, key: SecretString | undefined): Record<string, string> {
  if (key === undefined) return {};
  return key.use(
    (text): Record<string, string> =>
      provider === "anthropic"
        ? { "x-api-key": text, "anthropic-version": "2023-06-01" }
        : { authorization: `Bearer ${text}` },
  );
}

function namesOf(body: unknown): readonly string[] {
  if (!isJsonObject(body)) return [];
  const list: unknown = body["data"] ?? body["models"];
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    const name = isJsonObject(entry) ? (entry["id"] ?? entry["name"]) : undefined;
    return typeof name === "string" ? [name] : [];
  });
}
