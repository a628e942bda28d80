/**
 * Cuts a server's output into messages, one JSON value a line (MCP, stdio transport). Bounded in every direction: a
 * line, its nesting, and how much that is no message is put up with, because a server may print anything to its output.
 */
import { nestingOf } from "#contracts/json.ts";
import { MCP_MESSAGE_BYTES_MAX, MCP_NESTING_MAX } from "#contracts/mcp.ts";

/** Lines that are no message; a start-up banner has a few. */
const NOISE_LINES_MAX = 256;
const NEWLINE = 0x0a;

export type MessageBreach = "too_large" | "too_deep" | "noise";

export class MessageLines {
  #pieces: Uint8Array[] = [];
  #held = 0;
  #noise = 0;

  /** How many lines were no message so far. */
  get noise(): number {
    return this.#noise;
  }

  /** Takes bytes and gives each message that they complete to `onMessage`. Returns a breach, after which it is over. */
  push(bytes: Uint8Array, onMessage: (value: unknown) => void): MessageBreach | undefined {
    let rest = bytes;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const breach = this.#line(rest.subarray(0, end), onMessage);
      if (breach !== undefined) return breach;
      rest = rest.subarray(end + 1);
    }
    if (rest.byteLength === 0) return undefined;
    this.#pieces.push(rest.slice());
    this.#held += rest.byteLength;
    return this.#held > MCP_MESSAGE_BYTES_MAX ? "too_large" : undefined;
  }

  #line(tail: Uint8Array, onMessage: (value: unknown) => void): MessageBreach | undefined {
    if (this.#held + tail.byteLength > MCP_MESSAGE_BYTES_MAX) return "too_large";
    const text = new TextDecoder().decode(Buffer.concat([...this.#pieces, tail]));
    this.#pieces = [];
    this.#held = 0;
    if (text.trim() === "") return undefined;
    if (nestingOf(text) > MCP_NESTING_MAX) return "too_deep";
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.#noise += 1;
      return this.#noise > NOISE_LINES_MAX ? "noise" : undefined;
    }
    onMessage(value);
    return undefined;
  }
}
