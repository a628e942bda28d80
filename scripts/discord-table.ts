/**
 * Writes `test/support/discord-fake/discord-api.json` from Discord's own description of its interface
 * (github.com/discord/discord-api-spec, `specs/openapi.json`, MIT licence):
 * `node scripts/bun.mjs run scripts/discord-table.ts openapi.json`. To be run when the interface has a new version.
 */
import { join } from "node:path";

interface Specification {
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

const TABLE = join(import.meta.dir, "../test/support/discord-fake/discord-api.json");
/** The calls whose bodies are checked. All others are known by name alone. */
const CHECKED = [
  "POST /channels/{channel_id}/messages",
  "PATCH /channels/{channel_id}/messages/{message_id}",
  "POST /interactions/{interaction_id}/{interaction_token}/callback",
  "POST /applications/{application_id}/commands",
];
/** Words of a schema that say nothing about what is allowed. */
const WORDS = new Set([
  "description",
  "title",
  "example",
  "examples",
  "deprecated",
  "format",
  "x-discord-union",
]);
/** What no message of ours could hold: left out, and so refused. */
const LEFT_OUT = new RegExp(
  "Embed|Poll|Theme|Container|Gallery|FileComponent|Section|Separator|TextDisplay|Select|Localiz|Modal|Lobby|" +
    "SocialLayer|Launch|Autocomplete",
);

function schemaOfBody(operation: unknown): unknown {
  const at = (value: unknown, key: string): unknown =>
    typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  return at(at(at(at(operation, "requestBody"), "content"), "application/json"), "schema");
}

/** The schema without words for people, and without the branches that are left out. */
function lean(value: unknown, isProperties = false): unknown {
  if (Array.isArray(value)) return value.filter((each) => !isLeftOut(each)).map((each) => lean(each));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, each]) => (isProperties || !WORDS.has(key)) && !isLeftOut(each),
  );
  return Object.fromEntries(kept.map(([key, each]) => [key, lean(each, key === "properties")]));
}

function isLeftOut(value: unknown): boolean {
  const ref = typeof value === "object" && value !== null ? Reflect.get(value, "$ref") : undefined;
  return typeof ref === "string" && LEFT_OUT.test(ref);
}

const [path = ""] = process.argv.slice(2);
const specification: Specification = await Bun.file(path).json();
const calls: string[] = [];
const bodies: Record<string, unknown> = {};
for (const [template, operations] of Object.entries(specification.paths)) {
  for (const [verb, operation] of Object.entries(operations)) {
    if (verb === "parameters") continue;
    const call = `${verb.toUpperCase()} ${template}`;
    calls.push(call);
    if (CHECKED.includes(call)) bodies[call] = lean(schemaOfBody(operation));
  }
}
const schemas: Record<string, unknown> = {};
const queue = [JSON.stringify(bodies)];
for (const text of queue) {
  for (const [, name = ""] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) {
    if (name in schemas) continue;
    schemas[name] = lean(specification.components.schemas[name]);
    queue.push(JSON.stringify(schemas[name]));
  }
}
const source = `${specification.info.title} v${specification.info.version}, github.com/discord/discord-api-spec (MIT)`;
const entries = (table: Record<string, unknown>): string =>
  Object.entries(table)
    .map(([name, schema]) => `    ${JSON.stringify(name)}: ${JSON.stringify(schema)}`)
    .join(",\n");
await Bun.write(
  TABLE,
  `{\n  "source": ${JSON.stringify(source)},\n` +
    `  "calls": ${JSON.stringify(calls, null, 1).replaceAll("\n", "\n   ")},\n` +
    `  "bodies": {\n${entries(bodies)}\n  },\n  "schemas": {\n${entries(schemas)}\n  }\n}\n`,
);
console.log(`${TABLE}: ${calls.length} calls, ${Object.keys(schemas).length} schemas`);
