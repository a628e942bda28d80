/**
 * The hosts that a command wants to reach, from the model's words to what is shown, approved and held:
 * `https://host:port` or `http://host:port`, each in one form. `*` alone stands for every host, which no
 * box holds anyone to.
 */
import { type EdgeCredential, type EgressRule, openRule } from "#broker/rule.ts";
import { originText, parseOrigin } from "#contracts/origin.ts";
import { type Result, err, ok } from "#contracts/result.ts";

export const EVERYWHERE = "*";
export const HOSTS_MAX = 16;

/** The wish in its one form: sorted, each host once. The failure is a sentence for the model. */
export function parseNetworkWish(texts: readonly string[]): Result<readonly string[], string> {
  if (texts.includes(EVERYWHERE)) {
    return texts.length === 1
      ? ok(texts)
      : err("`network` holds `*` beside hosts: name the hosts, or `*` alone");
  }
  if (texts.length > HOSTS_MAX) return err(`\`network\` names more than ${HOSTS_MAX} hosts`);
  const origins = texts.map(parseOrigin);
  const known = origins.filter((origin) => origin !== undefined);
  if (known.length < origins.length) {
    return err(
      "`network` holds what is no host: write `host`, `host:port` or `http://host:port`, without a path",
    );
  }
  return ok([...new Set(known.map(originText))].sort());
}

/** What the broker holds the command to. `wish` is in its one form and names hosts. */
export function rulesOf(
  wish: readonly string[],
  privateHosts: readonly string[],
  credentialAt: (origin: string) => EdgeCredential | undefined = () => undefined,
): readonly EgressRule[] {
  return wish.flatMap((text) => {
    const origin = parseOrigin(text);
    if (origin === undefined) return [];
    return [openRule(origin, privateHosts.includes(origin.host), credentialAt(text))];
  });
}
