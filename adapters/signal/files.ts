/** What a message carries beside its text: files for the spool, and the rest of a text that was too long for one. */
import { LIMITS } from "#contracts/limits.ts";
import type { Part } from "#contracts/message.ts";
import { missingFile, takeFile } from "#kit/attachment.ts";
import type { Spool } from "#kit/state-store.ts";
import { isUuid } from "./envelope.ts";
import { LONG_TEXT, type SignalEvent } from "./inbound.ts";
import type { SignalRpc } from "./rpc.ts";

/** The event's parts with its files fetched; a file that cannot be had is a note. */
export async function takeParts(event: SignalEvent, rpc: SignalRpc, spool: Spool): Promise<readonly Part[]> {
  const { conversation, parts } = event.draft;
  const from = isUuid(conversation) ? { recipient: conversation } : { groupId: conversation };
  let all = parts;
  for (const file of event.files) {
    const open = (): Promise<ReadableStream<Uint8Array> | undefined> => rpc.file(file.id, from);
    if (file.declaredType === LONG_TEXT) all = withLongText(all, await readText(await open()));
    else all = [...all, await takeFile(file, open, spool)];
  }
  return all;
}

/** The whole text in its beginning's place. A file that is not its continuation is not believed to be the text. */
function withLongText(parts: readonly Part[], text: string | undefined): readonly Part[] {
  const [first, ...rest] = parts;
  if (text === undefined) return [...parts, missingFile("not reachable")];
  if (first?.kind !== "text" || !text.startsWith(first.text)) {
    return [...parts, { kind: "preview", text: "(the rest of a long text does not fit its beginning)" }];
  }
  return [{ kind: "text", text }, ...rest];
}

async function readText(stream: ReadableStream<Uint8Array> | undefined): Promise<string | undefined> {
  if (stream === undefined) return undefined;
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const piece of stream) {
      text += decoder.decode(piece, { stream: true });
      if (text.length > LIMITS.inbound_text_bytes_max) break; // the kit cuts there as well
    }
    return text + decoder.decode();
  } catch {
    return undefined;
  }
}
