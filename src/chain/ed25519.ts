/**
 * Checks on Ed25519 encodings (RFC 8032 section 5.1) that runtimes leave out or disagree on. Pure
 * comparisons of public
 * bytes: no field arithmetic, so nothing here can be slow or leak.
 */

/** p = 2^255 − 19, little-endian. */
const FIELD_PRIME = Uint8Array.fromHex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
/** L = 2^252 + 27742317777372353535851937790883648493, little-endian. */
const GROUP_ORDER = Uint8Array.fromHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

const ZERO = "0000000000000000000000000000000000000000000000000000000000000000";
const ONE = "0100000000000000000000000000000000000000000000000000000000000000";
const MINUS_ONE = "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
/** y of the points whose order divides 8: order 4, 1, 2, and the two y of order 8. */
const SMALL_ORDER_Y: ReadonlySet<string> = new Set([
  ZERO,
  ONE,
  MINUS_ONE,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);

/** True when the 32 bytes are the one encoding of their y, and the sign bit is not set where x is 0. */
export function isCanonicalPoint(bytes: Uint8Array): boolean {
  const sign = (bytes[31] ?? 0) & 0x80;
  const y = withoutSign(bytes);
  if (!isBelow(y, FIELD_PRIME)) return false;
  if (sign === 0) return true;
  const text = y.toHex();
  return text !== ONE && text !== MINUS_ONE;
}

/** True when the point's order divides 8. For canonical encodings. */
export function isSmallOrder(bytes: Uint8Array): boolean {
  return SMALL_ORDER_Y.has(withoutSign(bytes).toHex());
}

/** True when the 32 bytes, little-endian, are below the group order: S cannot be changed by adding L. */
export function isCanonicalScalar(bytes: Uint8Array): boolean {
  return isBelow(bytes, GROUP_ORDER);
}

function withoutSign(bytes: Uint8Array): Uint8Array {
  const y = bytes.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  return y;
}

/** Compares little-endian numbers of 32 bytes. */
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const left = a[i] ?? 0;
    const right = b[i] ?? 0;
    if (left !== right) return left < right;
  }
  return false;
}
