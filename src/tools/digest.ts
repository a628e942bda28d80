/** SHA-256 for what an action names by its hash. */
import type { Json, JsonObject } from "#contracts/json.ts";
import { isJsonObject } from "#contracts/json.ts";

/** Arguments above this stand as `{sha256, bytes}` in the action. */
const ARGUMENT_BYTES_MAX = 32_768;

/** Lower-case hex. Text is hashed as UTF-8. */
export function sha256Hex(data: Uint8Array | string): string {
  return new Bun.CryptoHasher("sha256").update(data).digest("hex");
}

/** A text argument as an action carries it: itself, or its hash and size. */
export function argumentOf(text: string): Json {
  const bytes = Buffer.byteLength(text);
  return bytes <= ARGUMENT_BYTES_MAX ? text : { sha256: sha256Hex(text), bytes };
}

/** True when `body` is what the argument stands for. */
export function bodyIs(args: JsonObject, name: string, body: Uint8Array): boolean {
  const value = args[name];
  if (typeof value === "string") return sha256Hex(value) === sha256Hex(body);
  return isJsonObject(value) && value["sha256"] === sha256Hex(body);
}
