/** What stands in a request's body. */
type Json = Record<string, unknown>;

/** The values of a body, and whether they came as JSON; `undefined` for another type. */
export function givenOf(
  body: unknown,
  type: string,
): { readonly values: Json; readonly isJson: boolean } | undefined {
  const text = typeof body === "string" ? body : "";
  if (type.startsWith("application/json")) return { values: JSON.parse(text), isJson: true };
  if (!type.startsWith("application/x-www-form-urlencoded")) return undefined;
  return { values: Object.fromEntries(new URLSearchParams(text)), isJson: false };
}
