/**
 * One-time login links (design of the pages: no cookie is shared by the ports of a host). A token is 32 random bytes,
 * good once, for one page, for ten minutes; only its hash is kept.
 */
import { hash } from "node:crypto";
import { type Fault, fail } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import { ok, type Result } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import type { PageName } from "./page-keys.ts";

/** Links that may be open at a time; the oldest goes first. */
const TOKENS_MAX = 32;

export class PageLogin {
  readonly #clock: Clock;
  readonly #random: Random;
  /** Hash of the token → page and end of life. */
  readonly #tokens = new Map<string, { readonly page: PageName; readonly expiresMs: number }>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A new token for `page`, and when it ends (unix milliseconds). */
  mint(page: PageName): { readonly token: string; readonly expiresMs: number } {
    const token = this.#random.bytes(32).toBase64({ alphabet: "base64url", omitPadding: true });
    const expiresMs = this.#clock.now() + LIMITS.login_token_ms_max;
    if (this.#tokens.size >= TOKENS_MAX) {
      const [oldest] = this.#tokens.keys();
      if (oldest !== undefined) this.#tokens.delete(oldest);
    }
    this.#tokens.set(hashOf(token), { page, expiresMs });
    return { token, expiresMs };
  }

  /** Uses up a token presented by the process of `page`. One for another page stays good: its owner still holds it. */
  redeem(page: PageName, token: string): Result<void, Fault> {
    const key = hashOf(token); // a look-up by hash takes the same time for a near miss as for a far one
    const known = this.#tokens.get(key);
    const isGood = known?.page === page && known.expiresMs > this.#clock.now();
    if (known?.page === page) this.#tokens.delete(key);
    if (isGood) return ok(undefined);
    return fail("auth", "this login link was used, is too old or was not made for this page", {
      hint: "run `wirken open`",
      reason: "login_token",
    });
  }
}

function hashOf(token: string): string {
  return hash("sha256", token, "hex");
}
