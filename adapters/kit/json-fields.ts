/** Fields of a platform's JSON, read without believing its shape: what is missing or of another type is empty. */
import { type JsonObject, isJsonObject } from "#contracts/json.ts";

/** A platform's object, before anything of it is believed. */
export type Wild = Readonly<Record<string, unknown>>;

/** The value as an object; an empty one for anything else. */
export function objectOf(value: unknown): Wild {
  return isJsonObject(value) ? value : EMPTY;
}

const EMPTY: JsonObject = {};

/** A field that is an object; an empty one for anything else. */
export function objectIn(value: Wild, key: string): Wild {
  return objectOf(value[key]);
}

/** A field that is text; empty for anything else. */
export function textIn(value: Wild, key: string): string {
  const field = value[key];
  return typeof field === "string" ? field : "";
}

/** A field that is a finite number; 0 for anything else. */
export function numberIn(value: Wild, key: string): number {
  const field = value[key];
  return typeof field === "number" && Number.isFinite(field) ? field : 0;
}

/** True for a field that is `true`. */
export function flagIn(value: Wild, key: string): boolean {
  return value[key] === true;
}

/** The objects of a field that is a list. */
export function objectsIn(value: Wild, key: string): readonly Wild[] {
  const field = value[key];
  return Array.isArray(field) ? field.filter(isJsonObject) : [];
}
