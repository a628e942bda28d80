/**
 * Bytes → lines, whatever the pieces they come in. Ends are LF, CR and CRLF; text is decoded a whole line
 * at a time, so a character split between two pieces stays whole. A line has a bound, because a peer that
 * never ends one would be kept.
 */

const LF = 10;
const CR = 13;

export interface LineSplitter {
  /** The lines that `bytes` completed, or `undefined` once a line is longer than the bound. */
  push(bytes: Uint8Array): readonly string[] | undefined;
  /** Bytes of a line that was begun and not ended. */
  readonly pending: number;
}

/** A splitter whose lines have at most `lineBytesMax` bytes. */
export function lineSplitter(lineBytesMax: number): LineSplitter {
  let held = new Uint8Array(1_024);
  let length = 0;
  let afterCr = false;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const keep = (bytes: Uint8Array): boolean => {
    if (length + bytes.length > lineBytesMax) return false;
    if (length + bytes.length > held.length) {
      const larger = new Uint8Array(Math.max(held.length * 2, length + bytes.length));
      larger.set(held.subarray(0, length));
      held = larger;
    }
    held.set(bytes, length);
    length += bytes.length;
    return true;
  };
  return {
    push: (bytes) => {
      const lines: string[] = [];
      let start = 0;
      for (let at = 0; at < bytes.length; at++) {
        const byte = bytes[at];
        if (byte !== LF && byte !== CR) {
          afterCr = false;
          continue;
        }
        const isSecondHalf = byte === LF && afterCr;
        afterCr = byte === CR;
        if (!isSecondHalf) {
          if (!keep(bytes.subarray(start, at))) return undefined;
          lines.push(decoder.decode(held.subarray(0, length)));
          length = 0;
        }
        start = at + 1;
      }
      return keep(bytes.subarray(start)) ? lines : undefined;
    },
    get pending() {
      return length;
    },
  };
}
