/**
 * Keys of logged-in pages and the check of each request's signature (docs/formats/pages.md). A key belongs to the page
 * whose process registered it and counts nowhere else; a request counts once and within 60 s of its time. A
 * gateway that
 * died is started again with the keys of its `login` rows, so that open pages go on; one that was stopped forgets them.
 */
import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";
import { concat, lp, tag, u64, utf8 } from "#chain/bytes.ts";
import type { Row } from "#contracts/audit-event.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import type { PageAuth, PageRegister, PageRequest } from "#contracts/page-api.ts";
import { ok, type Result } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import { textField } from "#session/fields.ts";

const TIME_MS_MAX = 60_000;
/** Requests of one page run side by side and may arrive out of order by this much. */
const COUNTER_WINDOW = 64;
/** A page key per browser tab; the oldest goes when an operator opens more. */
const KEYS_MAX = 256;
const SPKI_ED25519 = Uint8Array.fromHex("302a300506032b6570032100");
const SPKI_P256 = Uint8Array.fromHex("3059301306072a8648ce3d020106082a8648ce3d030107034200");

export type PageName = "chat" | "console";

interface PageKey {
  readonly page: PageName;
  readonly peer: string;
  readonly algorithm: PageRegister["algorithm"];
  readonly key: KeyObject;
  /** Requests signed before this are not taken: which of their counters were used died with another gateway. */
  readonly notBeforeMs: number;
  highest: number;
  /** Counters within the window below `highest` that were used. */
  readonly used: Set<number>;
}

export class PageKeys {
  readonly #clock: Clock;
  readonly #keys = new Map<string, PageKey>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a page's public key. `peer` is the connection of the page's process. Returns the key's id. */
  register(page: PageName, peer: string, request: Omit<PageRegister, "token">): Result<string, Fault> {
    const raw = new Uint8Array(Buffer.from(request.publicKey, "base64"));
    const key = keyObject(request.algorithm, raw);
    if (key === undefined) return fail("usage", "the page's key has another form");
    const keyId = sha256(raw).toHex();
    if (this.#keys.has(keyId)) return fail("refused", "the page's key is known already");
    const { algorithm } = request;
    this.#keep(keyId, { page, peer, algorithm, key, notBeforeMs: 0, highest: 0, used: new Set() });
    return ok(keyId);
  }

  /**
   * Takes the keys of an earlier gateway that did not stop in order.
   * @param attested rows of the gateway's lane that have force, ascending
   */
  restore(attested: readonly Row[]): void {
    const end = attested.findLastIndex((row) => row.kind === "stopped");
    for (const { kind, payload } of attested.slice(end + 1)) {
      const [page, algorithm] = [textField(payload, "page"), textField(payload, "algorithm")];
      const raw = new Uint8Array(Buffer.from(textField(payload, "public_key"), "base64"));
      if (kind !== "login" || !isPageName(page) || !isAlgorithm(algorithm)) continue;
      const key = keyObject(algorithm, raw);
      if (key === undefined) continue;
      const [peer, notBeforeMs] = [textField(payload, "peer"), this.#clock.now()];
      const kept = { page, peer, algorithm, key, notBeforeMs, highest: 0, used: new Set<number>() };
      this.#keep(sha256(raw).toHex(), kept);
    }
  }

  #keep(keyId: string, key: PageKey): void {
    const [oldest] = this.#keys.keys();
    if (this.#keys.size >= KEYS_MAX && oldest !== undefined) this.#keys.delete(oldest);
    this.#keys.set(keyId, key);
  }

  /**
   * Checks a request that came over `peer`'s connection. Nothing is consumed before the signature is known to be good,
   * so a stranger cannot spend a page's counters.
   */
  check(peer: string, request: PageRequest): Result<PageName, Fault> {
    const { auth } = request;
    const known = this.#keys.get(auth.keyId);
    if (known === undefined || known.peer !== peer) {
      return fail("auth", "this page is not logged in", { hint: "run `wirken open`", reason: "unknown_key" });
    }
    if (Math.abs(this.#clock.now() - auth.timeMs) > TIME_MS_MAX || auth.timeMs < known.notBeforeMs) {
      return fail("auth", "the request's time is off", {
        hint: "check the computer's clock",
        reason: "stale",
      });
    }
    const signature = new Uint8Array(Buffer.from(auth.signature, "base64"));
    if (!verifies(known, signedBytes(request), signature)) {
      return fail("auth", "the request's signature is wrong", {
        hint: "run `wirken open`",
        reason: "signature",
      });
    }
    if (!takeCounter(known, auth.counter)) {
      return fail("auth", "the request was seen before", { reason: "replayed" });
    }
    return ok(known.page);
  }
}

/** `"wirken/page/v1"0 ‖ lp(method) ‖ lp(path) ‖ H(body) ‖ i64 timeMs ‖ u64 counter`. */
export function signedBytes(request: {
  readonly httpMethod: string;
  readonly path: string;
  readonly body: string;
  readonly auth: Pick<PageAuth, "timeMs" | "counter">;
}): Uint8Array {
  return concat(
    tag("wirken/page/v1"),
    lp(utf8(request.httpMethod)),
    lp(utf8(request.path)),
    sha256(utf8(request.body)),
    u64(request.auth.timeMs), // not negative by its schema, where i64 and u64 are the same bytes
    u64(request.auth.counter),
  );
}

function takeCounter(known: PageKey, counter: number): boolean {
  if (counter <= known.highest - COUNTER_WINDOW || known.used.has(counter)) return false;
  known.used.add(counter);
  known.highest = Math.max(known.highest, counter);
  for (const old of known.used) if (old <= known.highest - COUNTER_WINDOW) known.used.delete(old);
  return true;
}

function verifies(known: PageKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.byteLength !== 64) return false;
  if (known.algorithm === "Ed25519") return verify(null, message, known.key, signature);
  return verify("sha256", message, { key: known.key, dsaEncoding: "ieee-p1363" }, signature);
}

/** `undefined` for bytes that are no public key of the algorithm: wrong length, or a point off the curve. */
function keyObject(algorithm: PageRegister["algorithm"], raw: Uint8Array): KeyObject | undefined {
  const isEd25519 = algorithm === "Ed25519";
  if (raw.byteLength !== (isEd25519 ? 32 : 65) || (!isEd25519 && raw[0] !== 0x04)) return undefined;
  const der = Buffer.concat([isEd25519 ? SPKI_ED25519 : SPKI_P256, raw]);
  try {
    return createPublicKey({ key: der, format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

function isPageName(text: string): text is PageName {
  return text === "chat" || text === "console";
}

function isAlgorithm(text: string): text is PageRegister["algorithm"] {
  return text === "Ed25519" || text === "ES256";
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash("sha256", bytes, "buffer"));
}
