/**
 * Writes `test/support/whatsapp-fake/cloud-api.txt` and `webhooks.txt` from Meta's OpenAPI document of the WhatsApp
 * Cloud API: `node scripts/bun.mjs run scripts/whatsapp-table.ts whatsapp.yaml`. To be run for a new version of it.
 */
import { join } from "node:path";

/** What we send, and what we are answered. */
const ROOTS = [
  "TextMessage",
  "InteractiveMessage",
  "TemplateMessage",
  "MessageResponsePayload",
  "PhoneNumberInfo",
];
const FOLDER = join(import.meta.dir, "../test/support/whatsapp-fake");
const ORIGIN = [
  "# Taken from Meta's OpenAPI document of the WhatsApp Cloud API by scripts/whatsapp-table.ts.",
  "# For tests alone: nothing of it is in the program.",
];
const PREFIX = "#/components/schemas/";

type Wild = Record<string, unknown>;

function isObject(value: unknown): value is Wild {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((found, key) => (isObject(found) ? found[key] : undefined), value);
}

/** Names of the schemas that a value refers to. */
function namedIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(namedIn);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "$ref" && typeof inner === "string" ? [inner.slice(PREFIX.length)] : namedIn(inner),
  );
}

/** The rules alone: no prose, no samples. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (!isObject(value)) return value;
  const prose = (key: string, inner: unknown): boolean =>
    ["description", "example", "discriminator"].includes(key) &&
    !(key !== "example" && isObject(inner) && "type" in inner);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => !prose(key, inner))
      .map(([key, inner]) => [
        key === "$ref" ? "ref" : key,
        key === "$ref" ? String(inner).slice(PREFIX.length) : bare(inner),
      ]),
  );
}

const [, , file = ""] = process.argv;
const document: unknown = Bun.YAML.parse(await Bun.file(file).text());
const schemas = at(document, "components", "schemas");
const found = new Set<string>();
const queue = [...ROOTS];
for (const name of queue) {
  if (found.has(name)) continue;
  found.add(name);
  queue.push(...namedIn(at(schemas, name)));
}
const rows = [...found].sort().map((name) => `${name} ${JSON.stringify(bare(at(schemas, name)))}`);
await Bun.write(join(FOLDER, "cloud-api.txt"), `${[...ORIGIN, ...rows].join("\n")}\n`);

const examples = at(
  document,
  "paths",
  "/whatsapp/webhooks",
  "post",
  "requestBody",
  "content",
  "application/json",
  "examples",
);
const samples = Object.entries(isObject(examples) ? examples : {}).map(
  ([name, sample]) => `${name}\t${JSON.stringify(at(sample, "value"))}`,
);
await Bun.write(join(FOLDER, "webhooks.txt"), `${[...ORIGIN, ...samples].join("\n")}\n`);
