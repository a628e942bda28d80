/**
 * The hosts that a command wants to reach, from the model's words to what is shown, approved and held:
 * `https://host:port` or `http://host:port`, each in one form. `*` alone stands for every host, which no
 * box holds anyone to.
 */
import type { EgressRule } from "#broker/rule.ts";
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
  const origins = texts.map(originOf);
  const known = origins.filter((origin) => origin !== undefined);
  if (known.length < origins.length) {
    return err(
      "`network` holds what is no host: write `host`, `host:port` or `http://host:port`, without a path",
    );
  }
  return ok([...new Set(known)].sort());
}

function originOf(text: string): string | undefined {
  if (!/^(https?:\/\/)?[^\s/\\?#@%]+$/.test(text)) return undefined;
  const full = text.includes("://") ? text : `https://${text}`;
  if (!URL.canParse(full)) return undefined;
  const { protocol, hostname, port } = new URL(full);
  const host = hostname.replace(/\.$/, "");
  const number = port === "" ? (protocol === "https:" ? "443" : "80") : port;
  return host === "" || number === "0" ? undefined : `${protocol}//${host}:${number}`;
}

/** What the broker holds the command to. `wish` is in its one form and names hosts. */
export function rulesOf(wish: readonly string[], privateHosts: readonly string[]): readonly EgressRule[] {
  return wish.map((origin) => {
    const at = origin.lastIndexOf(":");
    const host = origin.slice(origin.indexOf("//") + 2, at).replace(/^\[|\]$/g, "");
    return {
      scheme: origin.startsWith("https:") ? "https" : "http",
      host,
      port: Number(origin.slice(at + 1)),
      methods: "any",
      pathPrefix: "/",
      privateAddress: privateHosts.includes(host),
    };
  });
}
