/** A secret in every form that a careless program could let it out in, and the search for all of them at once. */

export interface Needle {
  readonly name: string;
  readonly form: string;
  readonly bytes: Buffer;
}

/** The forms of a secret: as it is, base64 at every alignment, hex, URL-encoded, UTF-16 and reversed. */
export function needlesOf(name: string, secret: Uint8Array): readonly Needle[] {
  const plain = Buffer.from(secret);
  const text = plain.toString("latin1");
  const forms: [string, Buffer][] = [
    ["clear", plain],
    ["hex", Buffer.from(plain.toString("hex"))],
    ["HEX", Buffer.from(plain.toString("hex").toUpperCase())],
    ["URL-encoded", Buffer.from(percent(plain))],
    ["UTF-16LE", Buffer.from(text, "utf16le")],
    ["UTF-16BE", Buffer.from(text, "utf16le").swap16()],
    ["reversed", Buffer.from(plain).reverse()],
    ...[0, 1, 2].flatMap((shift): [string, Buffer][] => {
      const inner = alignedBase64(plain, shift);
      const url = inner.replaceAll("+", "-").replaceAll("/", "_");
      return [
        [`base64 at ${shift}`, Buffer.from(inner)],
        [`base64url at ${shift}`, Buffer.from(url)],
      ];
    }),
  ];
  const seen = new Set<string>();
  return forms.flatMap(([form, bytes]) => {
    const key = bytes.toString("hex");
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ name, form, bytes }];
  });
}

/** Which needles stand in `hay`, as "name in form". */
export function found(needles: readonly Needle[], hay: Uint8Array | string): readonly string[] {
  const bytes =
    typeof hay === "string" ? Buffer.from(hay) : Buffer.from(hay.buffer, hay.byteOffset, hay.length);
  return needles.filter((needle) => bytes.includes(needle.bytes)).map(({ name, form }) => `${name}, ${form}`);
}

/** The base64 digits that depend on the secret alone, whatever `shift` bytes modulo three stand before it. */
function alignedBase64(bytes: Buffer, shift: number): string {
  const whole = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString("base64")
    .replaceAll("=", "");
  const head = Math.ceil((shift * 8) / 6);
  const tail = (shift + bytes.length) % 3 === 0 ? 0 : 1;
  return whole.slice(head, whole.length - tail);
}

/** Everything but letters and digits as %XX, as `encodeURIComponent` at its strictest. */
function percent(bytes: Buffer): string {
  return [...bytes]
    .map((byte) =>
      /[A-Za-z0-9_.~-]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`,
    )
    .join("");
}
