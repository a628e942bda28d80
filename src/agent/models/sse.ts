/**
 * Server-sent events (WHATWG HTML, section 9.2.6) from bytes in any pieces. Strict in what it gives out: an
 * event counts only once its empty line has come; what stands unfinished at the end of the stream is no
 * event.
 */
import { lineSplitter } from "./lines.ts";

export interface SseEvent {
  /** "message" where the stream names none. */
  readonly event: string;
  readonly data: string;
}

export interface SseParser {
  /** The events that `bytes` completed, or `undefined` once an event is longer than the bound. */
  push(bytes: Uint8Array): readonly SseEvent[] | undefined;
}

/** A parser whose events have at most `eventBytesMax` bytes of data. */
export function sseParser(eventBytesMax: number): SseParser {
  const splitter = lineSplitter(eventBytesMax);
  let first = true;
  let event = "";
  let data: string[] = [];
  let size = 0;
  const take = (line: string): boolean => {
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    if (field !== "data") return true;
    data.push(value);
    size += value.length + 1;
    return size <= eventBytesMax;
  };
  return {
    push: (bytes) => {
      const lines = splitter.push(bytes);
      if (lines === undefined) return undefined;
      const events: SseEvent[] = [];
      for (const raw of lines) {
        const line = first ? raw.replace(/^\ufeff/, "") : raw;
        first = false;
        if (line !== "") {
          if (!take(line)) return undefined;
          continue;
        }
        if (data.length > 0) events.push({ event: event === "" ? "message" : event, data: data.join("\n") });
        event = "";
        data = [];
        size = 0;
      }
      return events;
    },
  };
}
