/** Credentials that tools name and never hold: each goes into one header, to one origin, where a request leaves. */
import type { EdgeCredential } from "#broker/rule.ts";
import { type Origin, originText } from "#contracts/origin.ts";
import { type Result, err, ok } from "#contracts/result.ts";

export interface ToolCredential {
  /** The only scheme, host and port that it is sent to. */
  readonly origin: Origin;
  readonly edge: EdgeCredential;
}

/** By name. */
export type ToolCredentials = ReadonlyMap<string, ToolCredential>;

/** The credential of a name, bound to `origin`. The failure is a sentence for the model. */
export function credentialFor(
  credentials: ToolCredentials,
  name: string,
  origin: Origin,
): Result<ToolCredential, string> {
  const found = credentials.get(name);
  if (found === undefined) return err(unknown(credentials));
  const bound = originText(found.origin);
  return bound === originText(origin)
    ? ok(found)
    : err(`the credential \`${name}\` goes to ${bound} and nowhere else`);
}

/** What is there instead. */
export function unknown(credentials: ToolCredentials): string {
  const known = [...credentials].map(([name, { origin }]) => `\`${name}\` for ${originText(origin)}`);
  return `there is no such credential; there ${known.length === 0 ? "are none" : `is ${known.join(", ")}`}`;
}

/** The header with the secret in it: text of the engine's, made as late as possible. */
export function headerOf({ edge }: ToolCredential): Readonly<Record<string, string>> {
  return { [edge.header]: edge.secret.use((text) => `${edge.prefix}${text}`) };
}
