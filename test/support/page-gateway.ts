/**
 * The gateway as a page's process sees it, for tests: one-time tokens, and a check of each request's
 * signature written from docs/formats/pages.md with WebCrypto, apart from the gateway's own.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import type { PageAuth } from "#contracts/page-api.ts";
import { pageRegisterSchema, pageRequestSchema } from "#contracts/page-requests.ts";
import { type Result, ok } from "#contracts/result.ts";

type Answer = (body: unknown) => unknown;

export interface PageGateway {
  /** A token that is good once. */
  mint(): string;
  /** What `/api/…` answers; a `Fault` in `{fault}` refuses. */
  readonly answers: Map<string, Answer>;
  /** Paths of verified requests, in order. */
  readonly verified: string[];
  /** Reasons of refusals, in order. */
  readonly refused: string[];
  ask(method: string, body: string): Promise<Result<string, Fault>>;
  /** Forgets every key, as a restart does. */
  forget(): void;
}

export class Refusal {
  readonly fault: Fault;
  constructor(fault: Fault) {
    this.fault = fault;
  }
}

interface Known {
  readonly key: CryptoKey;
  readonly algorithm: "Ed25519" | "ES256";
  readonly seen: Set<number>;
}

export function pageGateway(): PageGateway {
  const tokens = new Set<string>();
  const keys = new Map<string, Known>();
  const answers = new Map<string, Answer>();
  const verified: string[] = [];
  const refused: string[] = [];
  const refuse = (reason: string): Result<never, Fault> => {
    refused.push(reason);
    return fail("auth", "this page is not logged in", { reason, hint: "run `wirken open`" });
  };
  const register = async (text: string): Promise<Result<string, Fault>> => {
    const request = pageRegisterSchema.parse(JSON.parse(text));
    if (!tokens.delete(request.token)) return refuse("login_token");
    const raw = Uint8Array.fromBase64(request.publicKey);
    const { algorithm } = request;
    const key = await crypto.subtle.importKey("raw", raw, importOf(algorithm), false, ["verify"]);
    keys.set(await digestHex(raw), { key, algorithm, seen: new Set() });
    return ok('{"registered":true}');
  };
  const page = async (text: string): Promise<Result<string, Fault>> => {
    const request = pageRequestSchema.parse(JSON.parse(text));
    const known = keys.get(request.auth.keyId);
    if (known === undefined) return refuse("unknown_key");
    const message = await signed(request.httpMethod, request.path, request.body, request.auth);
    const signature = Uint8Array.fromBase64(request.auth.signature);
    if (!(await crypto.subtle.verify(verifyOf(known.algorithm), known.key, signature, message))) {
      return refuse("signature");
    }
    if (known.seen.has(request.auth.counter)) return refuse("replayed");
    known.seen.add(request.auth.counter);
    verified.push(request.path);
    const [path = ""] = request.path.split("?");
    const answer = answers.get(path);
    if (answer === undefined) return ok("{}");
    const value = await answer(request.body === "" ? {} : JSON.parse(request.body));
    return value instanceof Refusal ? { ok: false, error: value.fault } : ok(JSON.stringify(value));
  };
  let minted = 0;
  return {
    answers,
    verified,
    refused,
    mint: () => {
      minted += 1;
      const token = `token-of-the-test-number-${minted}-0123456789`;
      tokens.add(token);
      return token;
    },
    ask: (method, body) => (method === "page_register" ? register(body) : page(body)),
    forget: () => keys.clear(),
  };
}

/** `"wirken/page/v1"0 ‖ lp(method) ‖ lp(path) ‖ H(body) ‖ i64 timeMs ‖ u64 counter`. */
export async function signed(
  method: string,
  path: string,
  body: string,
  auth: Pick<PageAuth, "timeMs" | "counter">,
): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const hash = await crypto.subtle.digest("SHA-256", encoder.encode(body));
  const numbers = Buffer.alloc(16);
  numbers.writeBigInt64BE(BigInt(auth.timeMs), 0);
  numbers.writeBigUInt64BE(BigInt(auth.counter), 8);
  const parts = [encoder.encode("wirken/page/v1\0"), lp(method), lp(path), new Uint8Array(hash), numbers];
  return new Uint8Array(Buffer.concat(parts));
}

export async function digestHex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

function lp(text: string): Uint8Array {
  const bytes = Buffer.from(text, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function importOf(algorithm: Known["algorithm"]): EcKeyImportParams | { name: string } {
  return algorithm === "Ed25519" ? { name: "Ed25519" } : { name: "ECDSA", namedCurve: "P-256" };
}

function verifyOf(algorithm: Known["algorithm"]): EcdsaParams | { name: string } {
  return algorithm === "Ed25519" ? { name: "Ed25519" } : { name: "ECDSA", hash: "SHA-256" };
}
