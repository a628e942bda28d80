/**
 * Access tokens of a service account (RFC 7523): asked for with a signed assertion, kept until shortly before they end.
 * The account's key is lent for the making of an assertion and kept by nothing else.
 */
import { type Result, err, ok } from "#contracts/result.ts";
import { SecretString } from "#contracts/secret.ts";
import { serviceAccountAssertion, serviceAccountEmail } from "#runtime/service-account.ts";
import { type JsonCallPorts, type NoAnswer, jsonCall } from "./json-call.ts";
import { numberIn, objectOf, textIn } from "./json-fields.ts";

const CALL_MS_MAX = 20_000;
const EARLY_MS = 5 * 60_000;
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** `refused`: the key is not, or no longer, good. `busy`: the server cannot now. */
export type NoToken = NoAnswer | "refused" | "busy";

export interface ServiceTokens {
  /** A token that is good for some minutes more. */
  take(): Promise<Result<SecretString, NoToken>>;
  /** Forgets the kept one: the platform refused it. */
  drop(): void;
}

export interface ServiceTokenRules {
  /** The account's key file, as JSON text. */
  readonly account: SecretString;
  readonly scope: string;
  /** Where tokens are given. */
  readonly url: string;
  /** Whom the assertion is for: the platform's own token address, whatever stands in its place. */
  readonly audience: string;
}

/** Builds the source of one account. */
export function serviceTokens(rules: ServiceTokenRules, ports: JsonCallPorts): ServiceTokens {
  const { clock } = ports;
  let kept: { readonly token: SecretString; readonly untilMs: number } | undefined;
  let asking: Promise<Result<SecretString, NoToken>> | undefined;
  const ask = async (): Promise<Result<SecretString, NoToken>> => {
    const { scope, audience, url } = rules;
    const nowS = Math.floor(clock.now() / 1_000);
    const assertion = rules.account.use((file) => serviceAccountAssertion(file, { scope, audience, nowS }));
    if (assertion === undefined) return err("refused");
    const body = { grant_type: GRANT, assertion };
    const answer = await jsonCall(ports, { method: "POST", url, headers: {}, body, msMax: CALL_MS_MAX });
    if (!answer.ok) return answer;
    const given = objectOf(answer.value.value);
    const text = textIn(given, "access_token");
    if (answer.value.status >= 500 || answer.value.status === 429) return err("busy");
    if (answer.value.status !== 200 || !/^[\x21-\x7e]{8,4096}$/.test(text)) return err("refused");
    const token = SecretString.take(new TextEncoder().encode(text));
    kept = { token, untilMs: clock.now() + numberIn(given, "expires_in") * 1_000 - EARLY_MS };
    return ok(token);
  };
  return {
    take: async () => {
      if (kept !== undefined && clock.now() < kept.untilMs) return ok(kept.token);
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return await asking;
    },
    drop: () => {
      kept = undefined;
    },
  };
}

/** True for the key file of a service account. */
export function isServiceAccount(account: SecretString): boolean {
  return account.use(serviceAccountEmail) !== "";
}

/** The account's own name: what stands before the `@` of its address. */
export function serviceAccountName(account: SecretString): string {
  return account.use(serviceAccountEmail).split("@")[0] ?? "";
}
