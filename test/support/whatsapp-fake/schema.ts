/** Meta's own rules for a call (`cloud-api.txt`), as far as JSON Schema goes there; a member without a rule is an error. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Rule {
  readonly ref?: string;
  readonly type?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Rule>>;
  readonly enum?: readonly unknown[];
  readonly items?: Rule;
  readonly allOf?: readonly Rule[];
  readonly oneOf?: readonly Rule[];
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}
export type CloudSchema = ReadonlyMap<string, Rule>;

/** Every rule by its name. */
export function cloudSchema(): CloudSchema {
  const rows = linesOf("cloud-api.txt").map((line): readonly [string, Rule] => {
    const border = line.indexOf(" ");
    const rule: Rule = JSON.parse(line.slice(border + 1));
    return [line.slice(0, border), rule];
  });
  return new Map(rows);
}

/** Meta's own samples of what a webhook brings, by their names. */
export function webhookSamples(): ReadonlyMap<string, object> {
  return new Map(
    linesOf("webhooks.txt").map((line): readonly [string, object] => {
      const [name = "", text = "{}"] = line.split("\t");
      const sample: object = JSON.parse(text);
      return [name, sample];
    }),
  );
}

/** Everything about a value that the rule of this name does not allow, as sentences. */
export function violationsOf(schema: CloudSchema, name: string, value: unknown): readonly string[] {
  return check(schema, { ref: name }, value, name);
}

function check(schema: CloudSchema, given: Rule, value: unknown, at: string): readonly string[] {
  const rule = whole(schema, given);
  if (rule.oneOf !== undefined) {
    const { oneOf, ...shared } = rule;
    const tries = oneOf.map((one) => check(schema, { allOf: [shared, one] }, value, at));
    return tries.some((found) => found.length === 0)
      ? []
      : (tries.toSorted((a, b) => a.length - b.length)[0] ?? []);
  }
  const found: string[] = [];
  if (rule.enum !== undefined && !rule.enum.includes(value)) found.push(`${at} is none of its words`);
  if (rule.type !== undefined && !isOf(rule.type, value)) return [...found, `${at} is no ${rule.type}`];
  if (typeof value === "string" && [...value].length > (rule.maxLength ?? Number.POSITIVE_INFINITY)) {
    found.push(`${at} is longer than ${rule.maxLength}`);
  }
  if (Array.isArray(value)) return [...found, ...checkList(schema, rule, value, at)];
  return typeof value === "object" && value !== null
    ? [...found, ...checkObject(schema, rule, value, at)]
    : found;
}

function checkList(schema: CloudSchema, rule: Rule, list: readonly unknown[], at: string): readonly string[] {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items = {} } = rule;
  const size = list.length < minItems || list.length > maxItems ? [`${at} has ${list.length} entries`] : [];
  return [...size, ...list.flatMap((item, index) => check(schema, items, item, `${at}[${index}]`))];
}

function checkObject(schema: CloudSchema, rule: Rule, value: object, at: string): readonly string[] {
  const members = Object.entries(value);
  const missing = (rule.required ?? []).filter((name) => !members.some(([known]) => known === name));
  return [
    ...missing.map((name) => `${at}.${name} is missing`),
    ...members.flatMap(([name, member]) => {
      const known = rule.properties?.[name];
      return known === undefined
        ? [`${at}.${name} is unknown`]
        : check(schema, known, member, `${at}.${name}`);
    }),
  ];
}

/** A rule with everything that it refers to and is made of. */
function whole(schema: CloudSchema, rule: Rule): Rule {
  if (rule.ref !== undefined) {
    const named = schema.get(rule.ref);
    if (named === undefined) throw new Error(`no rule is called ${rule.ref}`);
    return whole(schema, named);
  }
  const { allOf, ...own } = rule;
  return [own, ...(allOf ?? []).map((part) => whole(schema, part))].reduce((all, part) => {
    const properties = { ...all.properties };
    for (const [name, more] of Object.entries(part.properties ?? {})) {
      const before = properties[name];
      properties[name] = before === undefined ? more : { allOf: [before, more] };
    }
    return { ...all, ...part, properties, required: [...(all.required ?? []), ...(part.required ?? [])] };
  }, {});
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function linesOf(name: string): readonly string[] {
  const text = readFileSync(join(import.meta.dir, name), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .filter((line) => !line.startsWith("#"));
}
