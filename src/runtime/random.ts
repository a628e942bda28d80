/** Chance as a parameter. The only home of `crypto.getRandomValues`. */
export interface Random {
  /** `count` random bytes, fit for keys and nonces. */
  bytes(count: number): Uint8Array;
  /** A number in [0, 1), for jitter only. */
  unit(): number;
}

/** From this length on, bytes may become a key. */
const KEY_BYTES_MIN = 32;
/** Requests of the runtime up to 512 bytes are served from a cache, which keeps what it gave; larger ones are not. */
const UNCACHED_BYTES = 1_024;

function keyBytes(count: number): Uint8Array {
  const drawn = crypto.getRandomValues(new Uint8Array(new ArrayBuffer(count + UNCACHED_BYTES)));
  const bytes = new Uint8Array(new ArrayBuffer(count));
  bytes.set(drawn.subarray(0, count));
  drawn.fill(0);
  return bytes;
}

export const systemRandom: Random = {
  bytes: (count) => (count < KEY_BYTES_MIN ? crypto.getRandomValues(new Uint8Array(count)) : keyBytes(count)),
  unit: () => {
    const [value = 0] = crypto.getRandomValues(new Uint32Array(1));
    return value / 2 ** 32;
  },
};

/** A repeatable source for tests (xorshift32): never for keys. */
export function fixedRandom(seed = 1): Random {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  return {
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff),
    unit: () => next() / 2 ** 32,
  };
}
