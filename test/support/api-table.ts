/**
 * What an interface accepts, as a compact table of its vendor's documentation: every method and the types of its
 * parameters. "!" is required, "[]" an array, "=" one of, and a word in quotes is that word.
 */
import { readFileSync } from "node:fs";

export interface Field {
  readonly name: string;
  readonly types: readonly string[];
  readonly required: boolean;
}
export interface Entry {
  readonly fields: readonly Field[];
  /** An object of the type is one of these; empty for a type with fields of its own. */
  readonly subtypes: readonly string[];
}
export interface Schema {
  readonly methods: ReadonlyMap<string, Entry>;
  readonly types: ReadonlyMap<string, Entry>;
}

/** Reads a table. */
export function readApiTable(path: string): Schema {
  const methods = new Map<string, Entry>();
  const types = new Map<string, Entry>();
  for (const line of readFileSync(path, "utf8").trimEnd().split("\n")) {
    const [kind, name = "", ...rest] = line.split(" ");
    if (kind === "#") continue;
    const border = rest.indexOf("=");
    const fields = (border === -1 ? rest : rest.slice(0, border)).map(fieldOf);
    const subtypes = border === -1 ? [] : rest.slice(border + 1);
    (kind === "method" ? methods : types).set(name, { fields, subtypes });
  }
  return { methods, types };
}

/** A rule like `chat_id!:Integer|String`. */
function fieldOf(rule: string): Field {
  const [, name = "", mark = "", types = ""] = /^(\w+)(!?):(.+)$/.exec(rule) ?? [];
  return { name, types: types.split("|"), required: mark === "!" };
}

/** Everything about a call that the schema does not allow, as sentences. */
export function violationsOf(schema: Schema, method: string, payload: object): string[] {
  const known = schema.methods.get(method);
  if (known === undefined) return [`unknown method ${method}`];
  return fieldsViolations(schema, known.fields, payload, method);
}

function fieldsViolations(schema: Schema, fields: readonly Field[], value: object, at: string): string[] {
  const found: string[] = [];
  const entries = new Map<string, unknown>(Object.entries(value));
  for (const field of fields) {
    const given = entries.get(field.name);
    entries.delete(field.name);
    if (given === undefined) {
      if (field.required) found.push(`${at}.${field.name} is missing`);
    } else if (!field.types.some((type) => typeViolations(schema, type, given, at).length === 0)) {
      found.push(...typeViolations(schema, field.types[0] ?? "", given, `${at}.${field.name}`));
    }
  }
  for (const name of entries.keys()) found.push(`${at}.${name} is unknown`);
  return found;
}

function typeViolations(schema: Schema, type: string, value: unknown, at: string): string[] {
  if (type.startsWith("[]")) {
    if (!Array.isArray(value)) return [`${at} is no array`];
    return value.flatMap((item, index) => typeViolations(schema, type.slice(2), item, `${at}[${index}]`));
  }
  if (type.startsWith("'")) return value === type.slice(1, -1) ? [] : [`${at} is not ${type}`];
  if (type === "Integer") return Number.isSafeInteger(value) ? [] : [`${at} is no integer`];
  if (type === "Float") return typeof value === "number" ? [] : [`${at} is no number`];
  if (type === "String") return typeof value === "string" ? [] : [`${at} is no string`];
  if (type === "Boolean" || type === "True") return typeof value === "boolean" ? [] : [`${at} is no boolean`];
  const known = schema.types.get(type);
  if (known === undefined) return [`${at} is of the unknown type ${type}`];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${at} is no object`];
  if (known.subtypes.length === 0) return fieldsViolations(schema, known.fields, value, at);
  const tries = known.subtypes.map((subtype) => typeViolations(schema, subtype, value, at));
  return tries.some((violations) => violations.length === 0) ? [] : (tries[0] ?? []);
}
