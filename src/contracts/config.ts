/** `config.json`: the whole configuration as one schema. Unknown keys are refused, no secret stands in it. */
import { z } from "zod";

const httpsOrLoopback = z
  .string()
  .max(2_048)
  .refine(isHttpsOrLoopback, "must be https, or http to a loopback host");

export const PROVIDERS = ["rehearsal", "openai", "ollama", "anthropic"] as const;
export type ProviderName = (typeof PROVIDERS)[number];

const modelChoice = z.strictObject({
  provider: z.enum(PROVIDERS),
  model: z.string().min(1).max(128),
  base_url: httpsOrLoopback.optional(),
  /** The model's context window in tokens. */
  context_tokens: z.int().min(1_024).max(10_000_000).optional(),
  /** Longest answer in tokens. */
  answer_tokens: z.int().min(16).max(1_000_000).optional(),
});

/** A name or address alone: with a scheme, a port or a path it would match no request, and seem to allow one. */
export const hostName = z
  .string()
  .min(1)
  .max(253)
  .refine(isHostAlone, "must be a host alone, without scheme, port or path");

const allowedHost = z.strictObject({
  host: hostName,
  path_prefix: z.string().max(1_024).default("/"),
});

export const configSchema = z.strictObject({
  version: z.literal(1).default(1),
  model: modelChoice.default({ provider: "rehearsal", model: "script" }),
  agents: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
      z.strictObject({
        model: modelChoice.optional(),
        max_tier: z.union([z.literal(1), z.literal(2), z.literal(3)]).default(3),
      }),
    )
    .default({ default: { max_tier: 3 } }),
  channels: z
    .record(
      z.string().regex(/^[a-z]{2,16}(:[a-z0-9][a-z0-9-]{0,31})?$/),
      z.strictObject({
        api_base: httpsOrLoopback.optional(),
        /** Port on 127.0.0.1 for the platform's events, of channels that listen. */
        port: z.int().min(1_024).max(65_535).optional(),
        /** WhatsApp: `name:language` of the template that asks a person to write again after 24 hours. */
        template: z
          .string()
          .regex(/^[a-z0-9_]{1,512}:[a-z]{2,3}(_[A-Z]{2})?$/)
          .optional(),
        agent: z.string().default("default"),
        /** Group conversations that need no mention, by platform id. */
        open_groups: z.array(z.string().max(256)).max(256).default([]),
      }),
    )
    .default({}),
  policy: z
    .strictObject({
      grant_days: z.int().min(1).max(365).default(30),
      /** How long a person can answer; parts of a minute are allowed. */
      approval_minutes: z.number().min(0.1).max(1_440).default(15),
      allowed_hosts: z.array(allowedHost).max(1_000).default([]),
    })
    .default({ grant_days: 30, approval_minutes: 15, allowed_hosts: [] }),
  network: z
    .strictObject({ proxy: z.string().max(2_048).optional(), ca_file: z.string().max(4_096).optional() })
    .default({}),
  pages: z
    .strictObject({ origins: z.array(z.string().max(256)).max(16).default([]) })
    .default({ origins: [] }),
  confinement: z.enum(["required", "best_effort"]).default("best_effort"),
});

/** The configuration after defaults. */
export type Config = z.infer<typeof configSchema>;
export type ModelChoice = z.infer<typeof modelChoice>;

/** True for `https:` URLs, and for `http:` URLs whose parsed host is a loopback address or `localhost`. */
export function isHttpsOrLoopback(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return false;
  if (url.protocol === "https:") return true;
  return (
    url.protocol === "http:" &&
    (url.hostname === "localhost" || url.hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(url.hostname))
  );
}

function isHostAlone(text: string): boolean {
  const bare = text.includes("::") || text.split(":").length > 2 ? `[${text}]` : text;
  if (/[\s/@?#\\%*]/.test(text) || !URL.canParse(`http://${bare}/`)) return false;
  const { hostname, port } = new URL(`http://${bare}/`);
  return port === "" && hostname !== "" && !/:\d*$/.test(bare);
}
