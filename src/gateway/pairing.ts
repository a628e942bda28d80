/**
 * Pairing codes: how the owner of a channel proves to be the one at this computer. A code is good once, for one
 * instance, for ten minutes and five wrong guesses of a sender; only its hash is kept.
 */
import { hash } from "node:crypto";
import type { InstanceId } from "#contracts/ids.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";

const CODE_MS_MAX = 10 * 60_000;
const GUESSES_MAX = 5; // of one sender: a stranger who guesses is out, and the owner's code stays good
const GUESSES_IN_ALL_MAX = 50; // of all senders together, against 2^40 codes
/** No letter or digit that is read as another; 32 of them, so a random byte maps without bias. */
const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const CODE_CHARS = 8; // 40 bits against five guesses
const CODE = /^[A-HJ-NP-Z2-9]{8}$/;

interface OpenCode {
  readonly hash: string;
  readonly upTo: 2 | 3;
  readonly expiresMs: number;
  /** Wrong guesses by sender; at most GUESSES_IN_ALL_MAX entries, then the code is void. */
  readonly wrong: Map<string, number>;
  guesses: number;
}

export type PairingOutcome = { readonly ok: true; readonly upTo: 2 | 3 } | { readonly ok: false };

export class Pairing {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #codes = new Map<InstanceId, OpenCode>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A new code for an instance; an earlier one is void. `upTo`: the highest tier that its user may approve there. */
  mint(instance: InstanceId, upTo: 2 | 3): { readonly code: string; readonly expiresMs: number } {
    const code = Array.from(this.#random.bytes(CODE_CHARS), (byte) => ALPHABET.charAt(byte & 31)).join("");
    const expiresMs = this.#clock.now() + CODE_MS_MAX;
    this.#codes.set(instance, { hash: hashOf(code), upTo, expiresMs, wrong: new Map(), guesses: 0 });
    return { code, expiresMs };
  }

  /** The code in what a stranger wrote: `/pair CODE`, `/start CODE`, or the bare code; else `undefined`. */
  static codeIn(text: string): string | undefined {
    const word = /^(?:\/(?:pair|start)(?:@\w{1,64})?\s+)?(\S{8})$/i.exec(text.trim())?.[1]?.toUpperCase();
    return word !== undefined && CODE.test(word) ? word : undefined;
  }

  /** True while a code of the instance can be used: only then is a wrong one a guess. */
  isOpen(instance: InstanceId): boolean {
    const open = this.#codes.get(instance);
    return open !== undefined && open.expiresMs > this.#clock.now();
  }

  /**
   * Uses up a code. A sender's wrong guesses count: after five no code of theirs is good, also the right one.
   * @param sender the platform's immutable id of who sent it
   */
  redeem(instance: InstanceId, code: string, sender: string): PairingOutcome {
    const open = this.#codes.get(instance);
    const wrong = open?.wrong.get(sender) ?? 0;
    if (open === undefined || wrong >= GUESSES_MAX) return { ok: false };
    const isGood = open.expiresMs > this.#clock.now() && open.hash === hashOf(code);
    if (!isGood) open.wrong.set(sender, wrong + 1);
    open.guesses += 1;
    if (isGood || open.guesses >= GUESSES_IN_ALL_MAX) this.#codes.delete(instance);
    return isGood ? { ok: true, upTo: open.upTo } : { ok: false };
  }
}

function hashOf(code: string): string {
  return hash("sha256", code, "hex");
}
