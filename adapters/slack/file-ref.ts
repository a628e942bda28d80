/** The files that a message carries, before they are fetched. */
import { type JsonObject, isJsonObject, textMember } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { FileWord } from "#kit/attachment.ts";

export interface FileRef extends FileWord {
  readonly id: string;
  /** Where it lies; empty where Slack wants to be asked first (files of other organisations). */
  readonly url: string;
  /** It lies with somebody else (a link to a document): there is nothing to fetch. */
  readonly isElsewhere: boolean;
}

/** The files of a message or an event. */
export function filesOf(message: JsonObject): readonly FileRef[] {
  const files: unknown = message["files"];
  if (!Array.isArray(files)) return [];
  return files
    .slice(0, LIMITS.parts_max)
    .flatMap((file: unknown) => (isJsonObject(file) ? [fileOf(file)] : []));
}

/** One file as Slack describes it. */
export function fileOf(file: JsonObject): FileRef {
  const size = file["size"];
  return {
    id: textMember(file, "id"),
    name: textMember(file, "name") || "file",
    declaredType: textMember(file, "mimetype"),
    bytes: typeof size === "number" && size > 0 ? size : 0,
    url: textMember(file, "url_private_download") || textMember(file, "url_private"),
    isElsewhere: file["is_external"] === true || textMember(file, "mode") === "external",
  };
}
