/**
 * Reading of a provider's JSON without trust in its shape: what is missing or of another type is a plain
 * default.
 */

/** Parses JSON text; `undefined` where it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Covers bad syntax and nesting that the parser gives up on: both are "not JSON" to a reader of a stream.
    return undefined;
  }
}

/** JSON text of a value; `undefined` where the value is nested deeper than the writer can go. */
export function writtenJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined; // the reader copes with more depth than the writer: hostile nesting ends here
  }
}

/** The member at `path` of nested objects and arrays, or `undefined`. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value;
  for (const step of path) {
    if (Array.isArray(here)) here = typeof step === "number" ? here[step] : undefined;
    else if (typeof here === "object" && here !== null)
      here = Object.getOwnPropertyDescriptor(here, step)?.value;
    else return undefined;
  }
  return here;
}

/** The text at `path`, or empty. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

/** The count at `path`, or 0: providers send whole numbers of tokens. */
export function countAt(value: unknown, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path);
  return typeof found === "number" && Number.isSafeInteger(found) && found >= 0 ? found : 0;
}

/** The list at `path`, or an empty one. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}
