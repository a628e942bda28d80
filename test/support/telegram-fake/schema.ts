/**
 * What the Bot API accepts, as data in the shape of PaulSonOfLars/telegram-bot-api-spec. Where that
 * specification lies beside the repository it is read and rules all 180 methods; elsewhere our own table of
 * the methods we call does. A test holds the table against the specification.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Field {
  readonly name: string;
  readonly types: readonly string[];
  readonly required: boolean;
}
export interface Schema {
  readonly methods: Readonly<Record<string, { readonly fields?: readonly Field[] }>>;
  readonly types: Readonly<
    Record<string, { readonly fields?: readonly Field[]; readonly subtypes?: readonly string[] }>
  >;
}

/** Where the full specification would lie. */
export const SPEC_PATH = join(import.meta.dir, "../../../../shared/data/specs/telegram.json");

/** The full specification, or `undefined` where it is not at hand. */
export function fullSchema(): Schema | undefined {
  return existsSync(SPEC_PATH) ? JSON.parse(readFileSync(SPEC_PATH, "utf8")) : undefined;
}

/** `!` marks a required field; `[]` before a type is an array of it. */
const TABLE = {
  methods: {
    getMe: {},
    getUpdates: { offset: "Integer", limit: "Integer", timeout: "Integer", allowed_updates: "[]String" },
    deleteWebhook: { drop_pending_updates: "Boolean" },
    sendMessage: {
      chat_id: "!Integer|String",
      message_thread_id: "Integer",
      text: "!String",
      parse_mode: "String",
      link_preview_options: "LinkPreviewOptions",
      reply_parameters: "ReplyParameters",
      reply_markup: "InlineKeyboardMarkup",
    },
    editMessageText: {
      chat_id: "Integer|String",
      message_id: "Integer",
      text: "String",
      parse_mode: "String",
      link_preview_options: "LinkPreviewOptions",
      reply_markup: "InlineKeyboardMarkup",
    },
    sendChatAction: { chat_id: "!Integer|String", message_thread_id: "Integer", action: "!String" },
    answerCallbackQuery: { callback_query_id: "!String", text: "String" },
    getFile: { file_id: "!String" },
  },
  types: {
    LinkPreviewOptions: { is_disabled: "Boolean" },
    ReplyParameters: { message_id: "!Integer", allow_sending_without_reply: "Boolean" },
    InlineKeyboardMarkup: { inline_keyboard: "![][]InlineKeyboardButton" },
    InlineKeyboardButton: { text: "!String", callback_data: "String" },
  },
} as const;

/** Our own table in the specification's shape. */
export function ownSchema(): Schema {
  return { methods: entriesOf(TABLE.methods), types: entriesOf(TABLE.types) };
}

function entriesOf(
  table: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Record<string, { fields: Field[] }> {
  return Object.fromEntries(
    Object.entries(table).map(([name, fields]) => [name, { fields: Object.entries(fields).map(fieldOf) }]),
  );
}

function fieldOf([name, rule]: [string, string]): Field {
  const types = rule
    .replace("!", "")
    .split("|")
    .map((type) => type.replaceAll("[]", "Array of "));
  return { name, types, required: rule.startsWith("!") };
}

/** Everything about a call that the schema does not allow, as sentences. */
export function violationsOf(schema: Schema, method: string, payload: object): string[] {
  const known = schema.methods[method];
  if (known === undefined) return [`unknown method ${method}`];
  return fieldsViolations(schema, known.fields ?? [], payload, method);
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
  if (type.startsWith("Array of ")) {
    if (!Array.isArray(value)) return [`${at} is no array`];
    return value.flatMap((item, index) => typeViolations(schema, type.slice(9), item, `${at}[${index}]`));
  }
  if (type === "Integer") return Number.isSafeInteger(value) ? [] : [`${at} is no integer`];
  if (type === "Float") return typeof value === "number" ? [] : [`${at} is no number`];
  if (type === "String") return typeof value === "string" ? [] : [`${at} is no string`];
  if (type === "Boolean" || type === "True") return typeof value === "boolean" ? [] : [`${at} is no boolean`];
  const known = schema.types[type];
  if (known === undefined) return [`${at} is of the unknown type ${type}`];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${at} is no object`];
  return fieldsViolations(schema, known.fields ?? [], value, at);
}
