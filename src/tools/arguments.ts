/** Parsing the model's arguments: closed sets of names, bounded values, reasons that a model can act on. */
import type { Json, JsonObject } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";

/** Thrown inside `parseArguments` alone. */
class BadArgument extends Error {}

/** Runs `read` with a reader over `args`; a bad or unknown argument becomes the failure's sentence. */
export function parseArguments<T>(
  args: JsonObject,
  names: readonly string[],
  read: (reader: ArgumentReader) => T,
): Result<T, string> {
  const unknown = Object.keys(args).find((name) => !names.includes(name));
  if (unknown !== undefined) return err(`unknown argument; the arguments are: ${names.join(", ")}`);
  try {
    return ok(read(new ArgumentReader(args)));
  } catch (error) {
    if (error instanceof BadArgument) return err(error.message);
    throw error;
  }
}

export class ArgumentReader {
  readonly #args: JsonObject;

  constructor(args: JsonObject) {
    this.#args = args;
  }

  /** A well-formed text; required without `otherwise`. `bytesMax` bounds its UTF-8. */
  text(name: string, bytesMax: number, otherwise?: string): string {
    const value = this.#value(name) ?? otherwise;
    if (typeof value !== "string") throw new BadArgument(`\`${name}\` must be a text`);
    if (!value.isWellFormed()) throw new BadArgument(`\`${name}\` is not valid Unicode`);
    if (Buffer.byteLength(value) > bytesMax)
      throw new BadArgument(`\`${name}\` is longer than ${bytesMax} bytes`);
    return value;
  }

  integer(name: string, min: number, max: number, otherwise: number): number {
    const value = this.#value(name) ?? otherwise;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) {
      throw new BadArgument(`\`${name}\` must be a whole number from ${min} to ${max}`);
    }
    return value;
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.#value(name) ?? otherwise;
    if (typeof value !== "boolean") throw new BadArgument(`\`${name}\` must be true or false`);
    return value;
  }

  /** A list of texts, at most `countMax`. */
  list(name: string, countMax: number): readonly string[] {
    const value = this.#value(name) ?? [];
    const texts = Array.isArray(value) ? value.filter((text) => typeof text === "string") : [];
    if (!Array.isArray(value) || texts.length < value.length)
      throw new BadArgument(`\`${name}\` must be a list of texts`);
    if (texts.length > countMax) throw new BadArgument(`\`${name}\` has more than ${countMax} entries`);
    return texts;
  }

  /** Names and texts, at most `countMax`. */
  texts(name: string, countMax: number): Readonly<Record<string, string>> {
    const value = this.#value(name) ?? {};
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new BadArgument(`\`${name}\` must be an object of texts`);
    }
    const entries = Object.entries(value).map(([key, text]): [string, string] => {
      if (typeof text !== "string") throw new BadArgument(`\`${name}\` must be an object of texts`);
      return [key, text];
    });
    if (entries.length > countMax) throw new BadArgument(`\`${name}\` has more than ${countMax} entries`);
    return Object.fromEntries(entries);
  }

  #value(name: string): Json | undefined {
    return Object.hasOwn(this.#args, name) ? this.#args[name] : undefined;
  }
}

/** A JSON Schema of an object, for the model. */
export function objectSchema(properties: JsonObject, required: readonly string[]): JsonObject {
  return { type: "object", properties, required, additionalProperties: false };
}
