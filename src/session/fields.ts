/**
 * Reading members of a row's payload or content. A row may be pruned, erased or written by an older version, so every
 * read names what stands in for a missing or foreign member.
 */
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "#contracts/json.ts";

/** The member as text, `""` when it is missing or no text. */
export function textField(object: JsonObject | undefined, name: string): string {
  const value = object?.[name];
  return typeof value === "string" ? value : "";
}

/** The member as a number, `otherwise` (default 0) when it is missing or no number. */
export function numberField(object: JsonObject | undefined, name: string, otherwise = 0): number {
  const value = object?.[name];
  return typeof value === "number" ? value : otherwise;
}

/** True when the member is `true`. */
export function flagField(object: JsonObject | undefined, name: string): boolean {
  return object?.[name] === true;
}

/** The member as a list, empty when it is missing or no list. */
export function listField(object: JsonObject | undefined, name: string): readonly Json[] {
  const value = object?.[name];
  return value !== undefined && isJsonArray(value) ? value : [];
}

/** The member as an object, `undefined` when it is missing or none. */
export function objectField(object: JsonObject | undefined, name: string): JsonObject | undefined {
  const value = object?.[name];
  return isJsonObject(value) ? value : undefined;
}

/** The texts in the member's list; members that are no text are left out. */
export function textsField(object: JsonObject | undefined, name: string): readonly string[] {
  return listField(object, name).filter((value) => typeof value === "string");
}
