/** The file that a message carries, before it is fetched. */
import type { Message } from "grammy/types";
import { LIMITS } from "#contracts/limits.ts";

export interface FileRef {
  readonly id: string;
  readonly name: string;
  /** What Telegram says it is; empty when it says nothing. */
  readonly declaredType: string;
  /** What Telegram says it measures, in bytes; 0 when it says nothing. */
  readonly bytes: number;
}

/** The file of a message: of a picture's sizes the largest that may be fetched. */
export function fileOf(message: Message): FileRef | undefined {
  const photo = message.photo?.findLast((size) => (size.file_size ?? 0) <= LIMITS.attachment_bytes_max);
  if (photo !== undefined) return refOf({ ...photo, mime_type: "image/jpeg" }, "photo.jpg");
  if (message.animation !== undefined) return refOf(message.animation, "animation.mp4");
  if (message.document !== undefined) return refOf(message.document, "file");
  if (message.video !== undefined) return refOf(message.video, "video.mp4");
  if (message.audio !== undefined) return refOf(message.audio, "audio");
  if (message.voice !== undefined) return refOf(message.voice, "voice.ogg");
  if (message.video_note !== undefined) return refOf(message.video_note, "video.mp4");
  return undefined;
}

interface Carried {
  file_id: string;
  file_size?: number;
  file_name?: string;
  mime_type?: string;
}

function refOf({ file_id, file_size, file_name, mime_type }: Carried, fallback: string): FileRef {
  return { id: file_id, name: file_name ?? fallback, declaredType: mime_type ?? "", bytes: file_size ?? 0 };
}
