/**
 * Branded values: a string that has been parsed is another type than one that has not.
 * `stamp` is the only type assertion in the repository; each brand has exactly one parser, in `ids.ts`.
 */
declare const brand: unique symbol;

/** A `T` that has passed the parser named `N`. */
export type Brand<T, N extends string> = T & { readonly [brand]: N };

/** Marks text that has just been checked. Call it from the brand's own parser only. */
export function stamp<B extends Brand<string, string>>(value: string): B {
  return value as B;
}

/**
 * Takes a value at its declared type without looking. Only for JSON between two processes of one build over a socket
 * that this user alone can open; everything from outside goes through a parser.
 */
export function sameBuild<T>(value: unknown): T {
  return value as T;
}
