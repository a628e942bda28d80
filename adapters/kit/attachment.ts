/** A file of a platform as a part: fetched into the spool, its type told by its bytes. What cannot be had is a note. */
import { LIMITS } from "#contracts/limits.ts";
import type { Part } from "#contracts/message.ts";
import { mediaTypeOf } from "./media-type.ts";
import type { Spool } from "./state-store.ts";

const MAX = LIMITS.attachment_bytes_max;

/** What a platform says of a file before it is fetched. */
export interface FileWord {
  readonly name: string;
  /** What the platform says it is; empty when it says nothing. */
  readonly declaredType: string;
  /** What it says it measures, in bytes; 0 when it says nothing. */
  readonly bytes: number;
}

/** The file as a part: an attachment, or a preview that says why there is none. */
export async function takeFile(
  file: FileWord,
  open: () => Promise<ReadableStream<Uint8Array> | undefined>,
  spool: Spool,
): Promise<Part> {
  if (file.bytes > MAX) return missingFile("too large");
  const stream = await open();
  if (stream === undefined) return missingFile("not reachable");
  const written = await spool.write(stream, MAX);
  if (!written.ok) return missingFile(written.error === "too_large" ? "too large" : "cut off");
  const { handle, bytes, sha256, head } = written.value;
  const mediaType = mediaTypeOf(head, file.declaredType);
  return { kind: "attachment", handle, name: file.name, mediaType, bytes, sha256 };
}

/** The note in a file's place: the message is not lost. */
export function missingFile(why: string): Part {
  return { kind: "preview", text: `(a file could not be taken: ${why}; the limit is ${MAX / 1_048_576} MB)` };
}

/** Takes files away that belong to no recorded message: a stranger must not fill the disk. */
export async function dropFiles(parts: readonly Part[], spool: Spool): Promise<void> {
  for (const part of parts) if (part.kind === "attachment") await spool.remove(part.handle);
}
