/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), as far as signal-cli writes
 * them: fields `id`, `event` and `data`, comments as signs of life. What arrives together is given together.
 */

/** Longest line and longest event, in UTF-16 units: a text of 64 KB with every sign escaped stays below. */
const UNITS_MAX = 1_048_576;

export interface ServerEvent {
  readonly id: string;
  readonly name: string;
  readonly data: string;
}

/** Reads events; empty lists are signs of life. Ends early at a line or an event that is too long. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<readonly ServerEvent[], "ended" | "too_long"> {
  const decoder = new TextDecoder();
  const parser = eventParser();
  let rest = "";
  for await (const piece of body) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n/);
    rest = lines.pop() ?? "";
    const events: ServerEvent[] = [];
    for (const line of lines) {
      const event = parser.line(line);
      if (event !== undefined) events.push(event);
    }
    if (rest.length > UNITS_MAX || parser.units > UNITS_MAX) return "too_long";
    yield events;
  }
  return "ended";
}

/** Lines become an event at the empty line; an event without data is none. */
function eventParser(): { line(line: string): ServerEvent | undefined; readonly units: number } {
  let fields = { id: "", name: "message", data: "" };
  return {
    get units() {
      return fields.data.length;
    },
    line: (line) => {
      if (line === "") {
        const event = fields;
        fields = { id: "", name: "message", data: "" };
        return event.data === "" ? undefined : event;
      }
      const [, field = "", value = ""] = /^([^:]*):? ?([^]*)$/.exec(line) ?? [];
      if (field === "id") fields.id = value;
      if (field === "event") fields.name = value;
      if (field === "data") fields.data += fields.data === "" ? value : `\n${value}`;
      return undefined;
    },
  };
}
