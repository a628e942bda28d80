/**
 * Which addresses lie on the public internet. Everything that is not clearly public is refused: private,
 * loopback, link-local, cloud metadata, carrier NAT, multicast, documentation, and IPv6 forms that carry an
 * IPv4 address.
 */

/** First address and prefix length of IPv4 ranges that are not public (IANA special-purpose registry). */
const NOT_PUBLIC_V4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** True for an address of the public internet; false for anything else, also for what is no address. */
export function isPublicAddress(address: string): boolean {
  const v4 = parseV4(address);
  if (v4 !== undefined) return !NOT_PUBLIC_V4.some(([range, bits]) => inRange(v4, range, bits));
  const groups = parseV6(address);
  if (groups === undefined) return false;
  const [first = 0, second = 0] = groups;
  if ((first & 0xe000) !== 0x2000) return false; // only 2000::/3 is handed out
  if (first === 0x2001 && second < 0x0200) return false; // protocol assignments, Teredo among them
  if (first === 0x2001 && second === 0x0db8) return false; // documentation
  if (first === 0x2002) return false; // 6to4: carries an IPv4 address
  return !(first === 0x3fff && second < 0x1000); // documentation
}

/**
 * Endings of names that only a local network answers (RFC 6761, 6762, 8375; `internal` is reserved by
 * ICANN).
 */
const LOCAL_ENDINGS = [".localhost", ".local", ".internal", ".lan", ".home.arpa", ".intranet"] as const;

/**
 * True for a host that its operator knows to be near: a literal address, a single label, a local ending.
 * Who is named in the public DNS decides where the name points, so such a name never opens a private
 * address.
 */
export function isLocalName(host: string): boolean {
  if (parseV4(host) !== undefined || parseV6(host) !== undefined || !host.includes(".")) return true;
  return LOCAL_ENDINGS.some((ending) => host.toLowerCase().endsWith(ending));
}

/** An IPv4 address in dotted decimals as a number; other notations are no address. */
export function parseV4(text: string): number | undefined {
  const found = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (found === null) return undefined;
  const parts = found.slice(1).map(Number);
  if (parts.some((part) => part > 255)) return undefined;
  return parts.reduce((value, part) => value * 256 + part, 0);
}

/** The eight groups of an IPv6 address; `undefined` for anything else, zones included. */
export function parseV6(text: string): readonly number[] | undefined {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (tail !== null) {
    const v4 = parseV4(tail[2] ?? "");
    if (v4 === undefined) return undefined;
    return parseV6(`${tail[1] ?? ""}${(v4 >>> 16).toString(16)}:${(v4 & 0xffff).toString(16)}`);
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], rest = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const words = [...head, ...Array.from({ length: missing }, () => "0"), ...rest];
  if (words.some((word) => !/^[0-9a-f]{1,4}$/i.test(word))) return undefined;
  return words.map((word) => Number.parseInt(word, 16));
}

function inRange(address: number, range: string, bits: number): boolean {
  const size = 2 ** (32 - bits);
  return Math.floor(address / size) === Math.floor((parseV4(range) ?? 0) / size);
}

/** True for an IPv4 or IPv6 address. */
export function isIpLiteral(host: string): boolean {
  return host.includes(":") || /^\d+(\.\d+){3}$/.test(host);
}
