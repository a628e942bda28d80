/**
 * A server asks the person something in the middle of a call (MCP, elicitation). The person is shown the words and the
 * exact answer, and says yes or no: forms are answered with their own defaults, a single yes-or-no field with yes.
 * A form that wants more cannot be answered so, and is declined; so is a question of mode `url`.
 */
import type { ElicitRequest, ElicitResult } from "@modelcontextprotocol/sdk/types.js";
import { type Json, type JsonObject, isJsonObject } from "#contracts/json.ts";
import { plain } from "./tool-list.ts";

/** Asks a person; false for no, nobody, and too late. `answer` is what a yes sends. */
export type AskPerson = (message: string, answer: JsonObject) => Promise<boolean>;

const DECLINED = { action: "decline" } as const;

/** Answers a server's question. */
export async function answerQuestion(
  params: ElicitRequest["params"],
  askPerson: AskPerson,
): Promise<ElicitResult> {
  if (!("requestedSchema" in params)) return DECLINED;
  const schema = plain(params.requestedSchema);
  const answer = schema === undefined ? undefined : defaultsOf(schema);
  if (answer === undefined) return DECLINED;
  const accepted = await askPerson(params.message, answer);
  return accepted ? { action: "accept", content: contentOf(answer) } : DECLINED;
}

/** What a yes means for a form; `undefined` where a required field has neither a default nor is the one yes-or-no. */
export function defaultsOf(schema: Json): JsonObject | undefined {
  if (!isJsonObject(schema)) return undefined;
  const properties = schema["properties"];
  const fields = isJsonObject(properties) ? Object.entries(properties) : [];
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const answer: Record<string, Json> = {};
  for (const [name, field] of fields) {
    if (!isJsonObject(field)) return undefined;
    const value = field["default"];
    const isOnlyFlag = fields.length === 1 && field["type"] === "boolean";
    if (isOnlyFlag) answer[name] = true;
    else if (value !== undefined) answer[name] = value;
    else if (required.includes(name)) return undefined;
  }
  return answer;
}

/** The answer as the SDK takes it: flat values alone. */
function contentOf(answer: JsonObject): NonNullable<ElicitResult["content"]> {
  const content: NonNullable<ElicitResult["content"]> = {};
  for (const [name, value] of Object.entries(answer)) {
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      content[name] = value;
    else if (Array.isArray(value)) content[name] = value.filter((item) => typeof item === "string");
  }
  return content;
}
