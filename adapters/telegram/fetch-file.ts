/**
 * Fetches a file into the spool and makes it a part. A file that cannot be had becomes a note: the message
 * is not lost.
 */
import { LIMITS } from "#contracts/limits.ts";
import type { Part } from "#contracts/message.ts";
import type { Spool } from "#kit/state-store.ts";
import { mediaTypeOf } from "#kit/media-type.ts";
import { type TelegramApi, isFilePath } from "./api.ts";
import type { FileRef } from "./file-ref.ts";

const MAX = LIMITS.attachment_bytes_max;

/** The file as a part: an attachment, or a preview that says why there is none. */
export async function fetchFile(file: FileRef, api: TelegramApi, spool: Spool): Promise<Part> {
  if (file.bytes > MAX) return missing("too large");
  const found = await api.attempt((raw) => raw.getFile({ file_id: file.id }));
  if (!found.ok) return missing(found.error.kind === "refused" ? "refused by Telegram" : "not reachable");
  const path = found.value.file_path;
  if (path === undefined || !isFilePath(path)) return missing("without an address");
  if ((found.value.file_size ?? 0) > MAX) return missing("too large");
  const stream = await api.download(path);
  if (!stream.ok) return missing("not reachable");
  const written = await spool.write(stream.value, MAX);
  if (!written.ok) return missing(written.error === "too_large" ? "too large" : "cut off");
  const { handle, bytes, sha256, head } = written.value;
  const mediaType = mediaTypeOf(head, file.declaredType);
  return { kind: "attachment", handle, name: file.name, mediaType, bytes, sha256 };
}

function missing(why: string): Part {
  return { kind: "preview", text: `(a file could not be taken: ${why}; the limit is ${MAX / 1_048_576} MB)` };
}
