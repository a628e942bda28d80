/**
 * An answer to a request with a credential, on its way back (RFC 9112): what it says of the secret is blotted out, each
 * byte by another one. The border of a chunk could cut a secret in two, so chunks are joined; the answer then ends with
 * its connection. What cannot be read as an answer ends there. Bytes are searched as Latin-1, a code unit each.
 */
import { Scrubber } from "#contracts/scrubber.ts";
import type { Change } from "./incoming.ts";
import { HEAD_BYTES_MAX } from "./request-head.ts";
import type { EdgeCredential } from "./rule.ts";

/** Longest line that says how long a chunk is, its extensions included. */
const SIZE_LINE_MAX = 1_024;

type Step = "head" | "plain" | "size" | "chunk" | "chunk_end" | "over";

/** What a client is passed on of an answer to a request with `credential`. */
export function answerWithout({ name, secret }: EdgeCredential): Change {
  const scrubber = new Scrubber([{ name, secret }], (length) => "*".repeat(length));
  const stream = scrubber.stream(new Map());
  const joined = new JoinedAnswer();
  const bytesOf = (text: string): Uint8Array => Buffer.from(text, "latin1");
  return {
    push: (bytes) => bytesOf(stream.push(joined.push(Buffer.from(bytes).toString("latin1")))),
    end: () => {
      const rest = stream.end();
      scrubber[Symbol.dispose]();
      return bytesOf(rest);
    },
  };
}

/** Takes an answer in pieces and gives it back without its chunks. */
class JoinedAnswer {
  #step: Step = "head";
  #held = "";
  /** Bytes of the chunk that have not come. */
  #missing = 0;

  push(text: string): string {
    this.#held += text;
    const out: string[] = [];
    for (;;) {
      const piece = this.#next();
      if (piece === undefined) return out.join("");
      out.push(piece);
    }
  }

  /** The next piece that can be passed on; `undefined` while more must come. */
  #next(): string | undefined {
    switch (this.#step) {
      case "head":
        return this.#head();
      case "plain":
        return this.#take(this.#held.length);
      case "size":
        return this.#size();
      case "chunk": {
        const piece = this.#take(this.#missing);
        this.#missing -= piece?.length ?? 0;
        if (this.#missing === 0) this.#step = "chunk_end";
        return piece;
      }
      case "chunk_end":
        if (this.#held.length < 2) return undefined;
        this.#step = this.#held.startsWith("\r\n") ? "size" : "over";
        this.#held = this.#held.slice(2);
        return "";
      case "over":
        this.#held = ""; // trailers, and whatever a server sends behind its answer
        return undefined;
    }
  }

  #head(): string | undefined {
    const end = this.#held.indexOf("\r\n\r\n");
    if (end < 0) {
      if (this.#held.length > HEAD_BYTES_MAX) this.#step = "over";
      return undefined;
    }
    const lines = this.#held.slice(0, end).split("\r\n");
    this.#held = this.#held.slice(end + 4);
    const isInterim = /^HTTP\/1\.1 1\d\d /.test(lines[0] ?? "");
    const isChunked = lines.some((line) => /^transfer-encoding[ \t]*:/i.test(line));
    if (!isInterim) this.#step = isChunked ? "size" : "plain";
    const kept = isChunked
      ? lines.filter((line) => !/^(transfer-encoding|trailer)[ \t]*:/i.test(line))
      : lines;
    return `${kept.join("\r\n")}\r\n\r\n`;
  }

  #size(): string | undefined {
    const end = this.#held.indexOf("\r\n");
    if (end < 0) {
      if (this.#held.length > SIZE_LINE_MAX) this.#step = "over";
      return undefined;
    }
    const size = /^[ \t]*([0-9a-f]{1,8})[ \t]*(;|$)/i.exec(this.#held.slice(0, end))?.[1];
    this.#held = this.#held.slice(end + 2);
    this.#missing = size === undefined ? 0 : Number.parseInt(size, 16);
    this.#step = this.#missing === 0 ? "over" : "chunk";
    return "";
  }

  #take(count: number): string | undefined {
    const piece = this.#held.slice(0, count);
    this.#held = this.#held.slice(count);
    return piece === "" ? undefined : piece;
  }
}
