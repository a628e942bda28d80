/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), as far as signal-cli writes
 * them: fields `id`, `event` and `data`, comments as signs of life. What arrives together is given together.
 */

/** Longest line and longest event, in UTF-16 units: a text of 64 KB with every sign escaped stays below. */
const UNITS_MAX = 1_048_576;

export interface ServerEvent {
  readonly id: string;
  readonly name: string;
  /** Empty for an event that was too long: it is passed over, or it would be asked for again for ever. */
  readonly data: string;
}

/** Reads events to the stream's end; empty lists are signs of life. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<readonly ServerEvent[], void> {
  const decoder = new TextDecoder();
  const parser = eventParser();
  let rest = "";
  let isPassing = false; // inside a line that is too long: what follows is none of its own
  for await (const piece of body) {
    let text = decoder.decode(piece, { stream: true });
    if (isPassing) {
      const end = text.indexOf("\n");
      isPassing = end < 0;
      text = isPassing ? "" : text.slice(end + 1);
    }
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? "";
    const events: ServerEvent[] = [];
    for (const line of lines) {
      const event = parser.line(line);
      if (event !== undefined) events.push(event);
    }
    if (rest.length > UNITS_MAX) {
      parser.spoil();
      rest = "";
      isPassing = true;
    }
    yield events;
  }
}

interface EventParser {
  /** Takes a line; the empty one ends an event. */
  line(line: string): ServerEvent | undefined;
  /** The event that has begun is too long. */
  spoil(): void;
}

function eventParser(): EventParser {
  let fields = { id: "", name: "message", data: "", isSpoilt: false };
  return {
    spoil: () => {
      fields.isSpoilt = true;
    },
    line: (line) => {
      if (line === "") {
        const { id, name, data, isSpoilt } = fields;
        fields = { id: "", name: "message", data: "", isSpoilt: false };
        return data === "" && !isSpoilt ? undefined : { id, name, data: isSpoilt ? "" : data };
      }
      const [, field = "", value = ""] = /^([^:]*):? ?([^]*)$/.exec(line) ?? [];
      if (field === "id") fields.id = value;
      if (field === "event") fields.name = value;
      if (field === "data" && !fields.isSpoilt) fields.data += fields.data === "" ? value : `\n${value}`;
      fields.isSpoilt ||= fields.data.length > UNITS_MAX;
      return undefined;
    },
  };
}
