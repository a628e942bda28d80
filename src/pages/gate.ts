/**
 * Who may speak to a page's process at all: exact Host and Origin lists (docs/formats/pages.md, "Gate").
 * A name that resolves to this machine is not enough (DNS rebinding), a page on another port of this host is
 * another origin (its requests say `same-site`), and a browser that says where a request comes from is
 * believed when it says no.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";

const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"] as const;

export interface Gate {
  /** Exact values of `Host`. */
  readonly hosts: ReadonlySet<string>;
  /** Origins that the operator configured, for a reverse proxy; loopback origins follow from `hosts`. */
  readonly origins: ReadonlySet<string>;
}

export type GateRefusal = "host" | "origin" | "fetch_site";

/** What the gate reads of a request. */
export interface Knock {
  readonly method: string;
  readonly headers: Headers;
  /** The path begins with `/api/`. */
  readonly api: boolean;
}

/**
 * Builds the gate of a process on `port`.
 * @param configured Origins as `config.json` has them: scheme, host and port alone.
 * @returns a fault `config` when one of them is anything else.
 */
export function gateOf(port: number, configured: readonly string[]): Result<Gate, Fault> {
  const hosts = new Set<string>(LOOPBACK_NAMES.map((name) => `${name}:${port}`));
  const origins = new Set<string>();
  for (const text of configured) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || url.origin !== text || !/^https?:$/.test(url.protocol)) {
      return fail("config", "an entry of pages.origins is not an origin", {
        hint: "write scheme, host and port alone, like https://wirken.example.org",
      });
    }
    origins.add(text);
    hosts.add(url.host);
  }
  return ok({ hosts, origins });
}

/**
 * Lets a request through, or says which rule it broke. A missing header that a browser always sends is a
 * refusal.
 */
export function admit(gate: Gate, knock: Knock): Result<void, GateRefusal> {
  const host = knock.headers.get("host");
  if (host === null || !gate.hosts.has(host)) return err("host");
  const origin = knock.headers.get("origin");
  if (origin === null ? knock.method === "POST" : !sameOrigin(gate, host, origin)) return err("origin");
  const site = knock.headers.get("sec-fetch-site");
  const navigation = knock.headers.get("sec-fetch-mode") === "navigate";
  if (site !== null && site !== "same-origin" && (knock.api || !navigation)) return err("fetch_site");
  return ok(undefined);
}

/**
 * An origin fits the very host that was asked: `localhost` may not speak to `127.0.0.1`, they share nothing.
 */
function sameOrigin(gate: Gate, host: string, origin: string): boolean {
  if (gate.origins.has(origin)) return true;
  return LOOPBACK_NAMES.some((name) => host.startsWith(`${name}:`)) && origin === `http://${host}`;
}
