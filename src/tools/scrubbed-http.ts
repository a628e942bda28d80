/** An `HttpPort` whose answers are freed of the secrets that this process holds, before any bound cuts one in two. */
import type { Scrubbed, Scrubber } from "#contracts/scrubber.ts";
import type { HttpPort } from "./http-port.ts";

/** Statuses whose answers have no body (Fetch standard, "null body status"). */
const BODILESS = new Set([204, 205, 304]);

/** Wraps `http`; what is taken out is counted into `found` as it comes. */
export function scrubbedHttp(http: HttpPort, scrubber: Scrubber, found: Scrubbed): HttpPort {
  return async (exchange) => {
    const response = await http(exchange);
    const { status } = response;
    const headers = [...response.headers].map(([name, value]): [string, string] => [
      name,
      scrubber.text(value, found),
    ]);
    const body = BODILESS.has(status)
      ? null
      : (response.body?.pipeThrough(bytesThrough(scrubber, found)) ?? null);
    return new Response(body, { status, headers });
  };
}

/** Bytes are searched as Latin-1, a code unit each: a form of bytes is found in whatever extends ASCII. */
function bytesThrough(scrubber: Scrubber, found: Scrubbed): TransformStream<Uint8Array, Uint8Array> {
  const stream = scrubber.stream(found);
  const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
  return new TransformStream({
    transform: (piece, controller) => {
      const out = stream.push(Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString("latin1"));
      if (out !== "") controller.enqueue(bytesOf(out));
    },
    flush: (controller) => {
      const rest = stream.end();
      if (rest !== "") controller.enqueue(bytesOf(rest));
    },
  });
}
