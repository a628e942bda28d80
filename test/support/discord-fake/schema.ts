/**
 * What Discord's HTTP interface accepts: every call by its name, and the JSON schema of the bodies that are checked,
 * read from `discord-api.json`, which `scripts/discord-table.ts` makes of Discord's own description. Stricter than
 * Discord in one thing: a field that the schema does not name is an error.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isJsonObject } from "#contracts/json.ts";
import { type Wild, numberIn, objectIn, objectOf, textIn } from "#kit/json-fields.ts";

export interface Schema {
  /** "POST /channels/{channel_id}/messages" and its pattern. */
  readonly calls: readonly { readonly name: string; readonly pattern: RegExp }[];
  readonly bodies: Wild;
  readonly schemas: Wild;
}

/** The whole interface. */
export function discordSchema(): Schema {
  const table = objectOf(JSON.parse(readFileSync(join(import.meta.dir, "discord-api.json"), "utf8")));
  const names = Array.isArray(table["calls"]) ? table["calls"].map(String) : [];
  const calls = names.map((name) => {
    const pattern = name
      .replace(/@me/g, "%40me")
      .replace(/\{\w+\}/g, "[^/]+")
      .replace(/%40/g, "@");
    return { name, pattern: new RegExp(`^${pattern}$`) };
  });
  return { calls, bodies: objectIn(table, "bodies"), schemas: objectIn(table, "schemas") };
}

/** The name of a call; `undefined` for one that Discord does not have. A fixed word goes before a parameter. */
export function callName(schema: Schema, method: string, path: string): string | undefined {
  const found = schema.calls.filter(({ pattern }) => pattern.test(`${method} ${path}`));
  return found.toSorted((a, b) => placeholders(a.name) - placeholders(b.name))[0]?.name;
}

/** Everything about a body that the schema does not allow, as sentences. */
export function violationsOf(schema: Schema, call: string, body: unknown): readonly string[] {
  const rule = schema.bodies[call];
  if (rule === undefined) return body === undefined ? [] : [`${call} takes no body that is known here`];
  if (body === undefined) return [`${call} needs a body`];
  return check(schema, objectOf(rule), body, call);
}

function placeholders(name: string): number {
  return name.split("{").length;
}

function check(schema: Schema, rule: Wild, value: unknown, at: string): readonly string[] {
  const ref = /^#\/components\/schemas\/(\w+)$/.exec(textIn(rule, "$ref"))?.[1];
  if (ref !== undefined) return check(schema, objectIn(schema.schemas, ref), value, at);
  const choices = rule["oneOf"] ?? rule["anyOf"];
  if (Array.isArray(choices)) {
    const tries = choices.map((choice) => check(schema, objectOf(choice), value, at));
    return tries.some((found) => found.length === 0)
      ? []
      : (tries.toSorted((a, b) => a.length - b.length)[0] ?? []);
  }
  if ("const" in rule) return value === rule["const"] ? [] : [`${at} is not ${String(rule["const"])}`];
  if (Array.isArray(rule["enum"]) && !rule["enum"].includes(value))
    return [`${at} is none of the allowed values`];
  const types = [rule["type"]].flat().filter((type) => type !== undefined);
  if (types.length > 0 && !types.some((type) => isOfType(value, type)))
    return [`${at} is no ${types.join(" or ")}`];
  if (typeof value === "string") return checkText(rule, value, at);
  if (typeof value === "number") {
    const { minimum = -Infinity, maximum = Infinity } = rule;
    return value < Number(minimum) || value > Number(maximum) ? [`${at} is out of range`] : [];
  }
  if (Array.isArray(value)) return checkList(schema, rule, value, at);
  return isJsonObject(value) ? checkObject(schema, rule, value, at) : [];
}

function checkText(rule: Wild, value: string, at: string): readonly string[] {
  const found: string[] = [];
  if (value.length > Number(rule["maxLength"] ?? Infinity)) found.push(`${at} is too long`);
  if (value.length < numberIn(rule, "minLength")) found.push(`${at} is too short`);
  const pattern = textIn(rule, "pattern");
  if (pattern !== "" && !new RegExp(pattern, "u").test(value)) found.push(`${at} has the wrong form`);
  return found;
}

function checkList(schema: Schema, rule: Wild, value: readonly unknown[], at: string): readonly string[] {
  const found: string[] = [];
  if (value.length > Number(rule["maxItems"] ?? Infinity)) found.push(`${at} has too many entries`);
  if (value.length < numberIn(rule, "minItems")) found.push(`${at} has too few entries`);
  const items = rule["items"];
  if (items !== undefined)
    found.push(...value.flatMap((each, index) => check(schema, objectOf(items), each, `${at}[${index}]`)));
  return found;
}

function checkObject(schema: Schema, rule: Wild, value: Wild, at: string): readonly string[] {
  const properties = objectIn(rule, "properties");
  const required = Array.isArray(rule["required"]) ? rule["required"].map(String) : [];
  const missing = required
    .filter((name) => value[name] === undefined)
    .map((name) => `${at}.${name} is missing`);
  const wrong = Object.entries(value).flatMap(([name, each]) =>
    Object.hasOwn(properties, name)
      ? check(schema, objectIn(properties, name), each, `${at}.${name}`)
      : [`${at}.${name} is unknown`],
  );
  return [...missing, ...wrong];
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isJsonObject(value);
    case "integer":
      return Number.isSafeInteger(value);
    default:
      return typeof value === type;
  }
}
