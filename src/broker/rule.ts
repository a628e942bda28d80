/**
 * What one call may reach, and the judgement of one request against it (docs: policy, network). Pure. A
 * host is an exact name: a pattern would grant names that nobody has seen.
 */
import type { Origin } from "#contracts/origin.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import { isHeaderPlace } from "#contracts/tool-credential.ts";

/**
 * A header that is added where the request leaves us, so that the program behind the broker never holds the
 * secret.
 */
export interface EdgeCredential {
  /** The vault entry's name, for the record. */
  readonly name: string;
  /** Lower case. */
  readonly header: string;
  /** Stands before the secret: `Bearer `. */
  readonly prefix: string;
  readonly secret: SecretString;
}

/**
 * A credential for a rule. Fails with `malformed` when name, prefix or secret could not stand in a header:
 * a line end in one of them would begin another header, or another request.
 */
export function edgeCredential(
  name: string,
  parts: { readonly header: string; readonly prefix: string; readonly secret: SecretString },
): Result<EdgeCredential, "malformed"> {
  const isValue = parts.secret.use((text) => /^[\x21-\x7e]{1,8192}$/.test(text));
  return isValue && isHeaderPlace(parts) ? ok({ name, ...parts }) : err("malformed");
}

export interface EgressRule {
  readonly scheme: "https" | "http";
  /** Lower-case ASCII name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly methods: "any" | readonly string[];
  /** `/` for every path. */
  readonly pathPrefix: string;
  /** The operator listed the host: it may lie at a private address. */
  readonly privateAddress: boolean;
  readonly credential?: EdgeCredential;
}

/** Everything at an origin, with a credential where one is given. */
export function openRule(origin: Origin, privateAddress: boolean, credential?: EdgeCredential): EgressRule {
  const rule = { ...origin, methods: "any", pathPrefix: "/", privateAddress } as const;
  return credential === undefined ? rule : { ...rule, credential };
}

/** What a program asks its proxy for. */
export type EgressRequest =
  | { readonly kind: "tunnel"; readonly host: string; readonly port: number }
  | {
      readonly kind: "forward";
      readonly method: string;
      readonly host: string;
      readonly port: number;
      /** With the query. */
      readonly path: string;
    };

/** Why a way out was refused. A closed set: it stands in rows. */
export const REFUSALS = {
  token: "this way out belongs to another call",
  malformed: "that is no request to a proxy",
  host: "the host was not granted",
  port: "the host was granted with another port",
  method: "the host was not granted with this method",
  path: "the host was not granted with this path",
  hidden:
    "inside a tunnel neither method nor path can be seen, and the grant names them; ask for the http:// URL, it leaves as https",
  credential:
    "a credential is added only to requests that can be read; ask for the http:// URL, it leaves as https",
  unresolved: "the host has no address",
  private_address: "the host lies at a private or local address, which the operator has not allowed",
  not_tls: "the tunnel was granted for TLS, and something else was sent",
  server_name: "TLS was begun for another name than the tunnel's",
  length: "a request body needs a content-length",
  limit: "the call's bound was reached",
  unreachable: "the host could not be reached",
} as const satisfies Record<string, string>;
export type Refusal = keyof typeof REFUSALS;

export type Judgement =
  /** `secure`: the connection to the host is TLS that the broker speaks. */
  | { readonly kind: "allow"; readonly rule: EgressRule; readonly secure: boolean }
  | {
      readonly kind: "refuse";
      readonly reason: Refusal;
    };

/**
 * Judges a request. A `forward` to port 80 of a host that is granted for https leaves as https to the
 * granted port: the only way to hold a program to methods and paths, and to add a credential, without
 * breaking its TLS.
 */
export function judge(rules: readonly EgressRule[], request: EgressRequest): Judgement {
  const ofHost = rules.filter(({ host }) => host === request.host);
  if (ofHost.length === 0) return refuse("host");
  return request.kind === "tunnel" ? judgeTunnel(ofHost, request.port) : judgeForward(ofHost, request);
}

function judgeTunnel(rules: readonly EgressRule[], port: number): Judgement {
  const ofPort = rules.filter((rule) => rule.port === port);
  if (ofPort.length === 0) return refuse("port");
  const secure = ofPort.filter(({ scheme }) => scheme === "https");
  if (secure.length === 0) return refuse("not_tls");
  const open = secure.filter(({ methods, pathPrefix }) => methods === "any" && pathPrefix === "/");
  if (open.length === 0) return refuse("hidden");
  const rule = open.find(({ credential }) => credential === undefined);
  return rule === undefined ? refuse("credential") : { kind: "allow", rule, secure: false };
}

function judgeForward(
  rules: readonly EgressRule[],
  { method, port, path }: Extract<EgressRequest, { kind: "forward" }>,
): Judgement {
  const plain = rules.filter((rule) => rule.scheme === "http" && rule.port === port);
  const secure = rules.filter(
    (rule) => rule.scheme === "https" && (port === HTTP_PORT || rule.port === port),
  );
  const reachable = [...plain, ...secure];
  if (reachable.length === 0) return refuse("port");
  const withMethod = reachable.filter(({ methods }) => methods === "any" || methods.includes(method));
  if (withMethod.length === 0) return refuse("method");
  const [rule] = withMethod.filter(({ pathPrefix }) => pathUnder(path, pathPrefix));
  return rule === undefined ? refuse("path") : { kind: "allow", rule, secure: rule.scheme === "https" };
}

const HTTP_PORT = 80;

/**
 * True when `path` lies at or beneath `prefix`. A path that a server might read otherwise lies beneath
 * nothing.
 */
function pathUnder(path: string, prefix: string): boolean {
  if (prefix === "/") return true;
  const [bare = ""] = path.split(/[?#]/, 1);
  if (/%2e|%2f|%5c|\\|\/\/|\/\.{1,2}(\/|$)|;/i.test(bare)) return false;
  const folder = prefix.endsWith("/") ? prefix : `${prefix}/`;
  return bare === prefix || bare.startsWith(folder);
}

function refuse(reason: Refusal): Judgement {
  return { kind: "refuse", reason };
}
