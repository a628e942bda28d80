/** Credentials of tools from the hand-off: they live in this process alone, not in a tool's program or a model. */
import { edgeCredential } from "#broker/rule.ts";
import { type Json, isJsonArray } from "#contracts/json.ts";
import { parseOrigin } from "#contracts/origin.ts";
import { type SecretBytes, SecretString } from "#contracts/secret.ts";
import { openedHeader } from "#contracts/tool-credential.ts";
import type { ToolCredential, ToolCredentials } from "#tools/tool-credential.ts";

const PREFIX = "tool:";

/** Takes them out of the hand-off; what is none, or bound to no one origin, is left out. */
export function toolCredentials(handoff: ReadonlyMap<string, SecretBytes>): ToolCredentials {
  const found = new Map<string, ToolCredential>();
  for (const [key, value] of handoff) {
    const name = key.slice(PREFIX.length);
    const credential = key.startsWith(PREFIX)
      ? credentialOf(name, value, handoff.get(`tool-origins:${name}`))
      : undefined;
    if (credential !== undefined) found.set(name, credential);
  }
  return found;
}

function credentialOf(
  name: string,
  value: SecretBytes,
  origins: SecretBytes | undefined,
): ToolCredential | undefined {
  const list: Json = JSON.parse(origins?.use((bytes) => new TextDecoder().decode(bytes)) ?? "[]");
  const [text, ...others] = isJsonArray(list) ? list : [];
  const origin = typeof text === "string" && others.length === 0 ? parseOrigin(text) : undefined;
  const opened = openedHeader(value);
  if (origin === undefined || !opened.ok) return undefined;
  using secret = opened.value.secret;
  const sent = secret.use((bytes) => SecretString.take(bytes.slice()));
  const edge = edgeCredential(name, { ...opened.value.place, secret: sent });
  return edge.ok ? { origin, edge: edge.value } : undefined;
}
