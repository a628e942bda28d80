/** Output of a running command: head and tail are kept, the rest is counted, each line is told as it ends. */
import { LIMITS } from "#contracts/limits.ts";

/** Room for the line that says how much is missing. */
const NOTE_BYTES = 64;

export class OutputCollector {
  readonly #head: Uint8Array;
  readonly #tail: Uint8Array;
  #headLength = 0;
  /** Bytes that went through the tail's ring. */
  #tailTotal = 0;
  #line = "";
  readonly #decoder = new TextDecoder();
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void, bytesMax: number = LIMITS.tool_output_bytes_max) {
    const room = Math.max(2, bytesMax - NOTE_BYTES);
    this.#tail = new Uint8Array(Math.floor(room / 3));
    this.#head = new Uint8Array(room - this.#tail.length);
    this.#onLine = onLine;
  }

  get bytes(): number {
    return this.#headLength + this.#tailTotal;
  }

  add(piece: Uint8Array): void {
    const room = this.#head.length - this.#headLength;
    const first = piece.subarray(0, room);
    this.#head.set(first, this.#headLength);
    this.#headLength += first.length;
    this.#ring(piece.subarray(first.length));
    this.#lines(piece);
  }

  /** The whole output, or its head and tail around a line that says how much was cut. Whole characters only. */
  text(): { readonly text: string; readonly truncated: boolean } {
    const head = this.#head.subarray(0, this.#headLength);
    const kept = Math.min(this.#tailTotal, this.#tail.length);
    const start = this.#tailTotal > kept ? this.#tailTotal % this.#tail.length : 0;
    const tail = Buffer.concat([this.#tail.subarray(start, kept), this.#tail.subarray(0, start)]);
    const cut = this.#tailTotal - kept;
    const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    if (cut === 0) return { text: decode(Buffer.concat([head, tail])), truncated: false };
    return {
      text: `${decode(wholeEnd(head))}\n[${cut} bytes left out]\n${decode(wholeStart(tail))}`,
      truncated: true,
    };
  }

  #ring(piece: Uint8Array): void {
    let rest = piece;
    if (rest.length > this.#tail.length) {
      this.#tailTotal += rest.length - this.#tail.length;
      rest = rest.subarray(rest.length - this.#tail.length);
    }
    while (rest.length > 0) {
      const at = this.#tailTotal % this.#tail.length;
      const part = rest.subarray(0, this.#tail.length - at);
      this.#tail.set(part, at);
      this.#tailTotal += part.length;
      rest = rest.subarray(part.length);
    }
  }

  #lines(piece: Uint8Array): void {
    const text = this.#line + this.#decoder.decode(piece, { stream: true });
    // A lone carriage return begins a line anew, as a progress bar does; one at the end may be half of a pair.
    const lines = text.split(/\r?\n|\r(?!$)/);
    this.#line = (lines.pop() ?? "").slice(-LIMITS.live_line_chars_max);
    for (const line of lines) this.#onLine(line.slice(0, LIMITS.live_line_chars_max));
  }
}

/** Drops a character that the cut went through, at the end. */
function wholeEnd(bytes: Uint8Array): Uint8Array {
  let start = bytes.length - 1;
  while (start >= 0 && bytes.length - start < 4 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--;
  const lead = bytes[start] ?? 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start + length > bytes.length ? bytes.subarray(0, start) : bytes;
}

/** Drops what is left of a character that the cut went through, at the start. */
function wholeStart(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
  return bytes.subarray(start);
}
