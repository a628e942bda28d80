/** Credentials of tools as the operator stores them: a secret, its header, the one host it may be sent to. */
import { isHttpsOrLoopback } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { originText, parseOrigin } from "#contracts/origin.ts";
import type { Result } from "#contracts/result.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import {
  isHeaderPlace,
  isHeaderSecret,
  openedHeader,
  sealedHeader,
  TOOL_KIND,
  TOOL_SCOPE,
} from "#contracts/tool-credential.ts";
import { addCredential, rotateCredential } from "#vault/credentials.ts";
import type { EntryInfo } from "#vault/entry.ts";
import type { Vault } from "#vault/vault.ts";

/** Stores one. Fails with `usage` where host, header or value could not be sent as they stand. */
export function addToolCredential(
  vault: Vault,
  name: string,
  secret: SecretBytes,
  words: {
    readonly host: string | undefined;
    readonly header: string | undefined;
    readonly prefix: string | undefined;
  },
): Result<EntryInfo, Fault> {
  const origin = parseOrigin(words.host ?? "");
  if (origin === undefined || !isHttpsOrLoopback(originText(origin))) {
    return fail("usage", "name the one host that it may be sent to, by https, or http to this computer", {
      hint: `wirken credentials add tool/${/^[a-z0-9-]{1,32}$/.test(name) ? name : "NAME"} --host api.example.com`,
    });
  }
  const header = (words.header ?? "authorization").toLowerCase();
  const place = { header, prefix: words.prefix ?? (header === "authorization" ? "Bearer " : "") };
  if (!isHeaderPlace(place)) {
    return fail("usage", "the header or its prefix cannot hold a secret", {
      hint: "the header is a name like `authorization` or `x-api-key`, the prefix plain text",
    });
  }
  if (!secret.use(isHeaderSecret)) return unsendable();
  using value = sealedHeader(place, secret);
  // The vault writes an origin as browsers do, without the usual port.
  const origins = [new URL(originText(origin)).origin];
  return addCredential(vault, { scope: TOOL_SCOPE, name, kind: TOOL_KIND, value, origins });
}

/** Replaces its secret; header, prefix and host stay. */
export function rotateToolCredential(
  vault: Vault,
  name: string,
  secret: SecretBytes,
): Result<EntryInfo, Fault> {
  if (!secret.use(isHeaderSecret)) return unsendable();
  const value = vault.use(TOOL_SCOPE, name, (old) => {
    const opened = openedHeader(old);
    if (!opened.ok) return undefined;
    opened.value.secret[Symbol.dispose]();
    return sealedHeader(opened.value.place, secret);
  });
  if (!value.ok) return value;
  if (value.value === undefined)
    return fail("refused", "the entry is no credential of tools", { reason: "form" });
  using sealed = value.value;
  return rotateCredential(vault, { scope: TOOL_SCOPE, name, value: sealed });
}

function unsendable(): Result<never, Fault> {
  return fail("usage", "the value cannot be sent in a header: it is one word of visible ASCII characters");
}
