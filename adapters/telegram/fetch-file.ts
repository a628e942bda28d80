/** Fetches a file of Telegram into the spool and makes it a part: first its address, then its bytes. */
import { LIMITS } from "#contracts/limits.ts";
import type { Part } from "#contracts/message.ts";
import { missingFile, takeFile } from "#kit/attachment.ts";
import type { Spool } from "#kit/state-store.ts";
import { type TelegramApi, isFilePath } from "./api.ts";
import type { FileRef } from "./file-ref.ts";

const MAX = LIMITS.attachment_bytes_max;

/** The file as a part: an attachment, or a preview that says why there is none. */
export async function fetchFile(file: FileRef, api: TelegramApi, spool: Spool): Promise<Part> {
  if (file.bytes > MAX) return missingFile("too large");
  const found = await api.attempt((raw) => raw.getFile({ file_id: file.id }));
  if (!found.ok) return missingFile(found.error.kind === "refused" ? "refused by Telegram" : "not reachable");
  const path = found.value.file_path;
  if (path === undefined || !isFilePath(path)) return missingFile("without an address");
  if ((found.value.file_size ?? 0) > MAX) return missingFile("too large");
  const open = async (): Promise<ReadableStream<Uint8Array> | undefined> => {
    const stream = await api.download(path);
    return stream.ok ? stream.value : undefined;
  };
  return await takeFile(file, open, spool);
}
