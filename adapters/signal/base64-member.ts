/**
 * A file inside a JSON answer: signal-cli gives attachments as `{"result":{"data":"<base64>"}}`. Decoded as it comes,
 * so that 20 MB never lie in memory as text.
 */
const HEAD_UNITS_MAX = 4_096;

/**
 * The bytes of the first member called `name` whose value is a string. The stream breaks where there is none, where it
 * is no base64, and where it ends before its closing quote.
 */
export function base64Member(source: ReadableStream<Uint8Array>, name: string): ReadableStream<Uint8Array> {
  const pieces = decode(source, `"${name}":"`);
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const next = await pieces.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: async () => {
      await pieces.return(undefined);
    },
  });
}

async function* decode(
  source: ReadableStream<Uint8Array>,
  opening: string,
): AsyncGenerator<Uint8Array, undefined> {
  const text = new TextDecoder("latin1"); // base64 and JSON's frame are ASCII: any other byte is refused below
  let head = "";
  let isOpen = false;
  let rest = "";
  for await (const piece of source) {
    let units = text.decode(piece, { stream: true });
    if (!isOpen) {
      head += units;
      const at = head.indexOf(opening);
      if (at < 0 && head.length > HEAD_UNITS_MAX) throw new Error("the answer holds no file");
      if (at < 0) continue;
      isOpen = true;
      units = head.slice(at + opening.length);
    }
    const end = units.indexOf('"');
    rest += end < 0 ? units : units.slice(0, end);
    const whole = end < 0 ? rest.length - (rest.length % 4) : rest.length;
    if (whole > 0) yield Uint8Array.fromBase64(rest.slice(0, whole));
    rest = rest.slice(whole);
    if (end >= 0) return;
  }
  throw new Error("the answer ended inside the file");
}
