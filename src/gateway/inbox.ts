/**
 * Files that came with a message, on their way from the adapter's spool into the agent's workspace: read once without
 * following a link, checked against what the signed frame says of them, copied to `inbox/` and taken out of the spool.
 * A file that is not what was announced is not kept. Running it again for the same message changes nothing, so a
 * restart may take a message up anew.
 */
import { hash } from "node:crypto";
import { unlinkSync } from "node:fs";
import { join } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import type { AgentId, InstanceId } from "#contracts/ids.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { Inbound, Part } from "#contracts/message.ts";
import { ok, type Result } from "#contracts/result.ts";
import { BeneathRoot } from "#host/beneath.ts";
import { ensureFolder, readFileBounded } from "#host/files.ts";
import type { DataPaths } from "#host/paths.ts";

type Attachment = Extract<Part, { readonly kind: "attachment" }>;

const HANDLE = /^[0-9a-f]{32}$/;
const HASH_SHOWN = 8;
/** A file system takes 255 bytes for a name; the hash and a dash stand before it. */
const NAME_BYTES_MAX = 120;

/** Where each file of a message went, by its handle; one that is missing could not be taken. */
export type Taken = ReadonlyMap<string, string>;

/** Takes the files of `inbound` into the workspace of `agent`. Paths are relative to the workspace. */
export function takeFiles(
  paths: DataPaths,
  from: { readonly agent: AgentId; readonly instance: InstanceId },
  inbound: Inbound,
): Taken {
  const taken = new Map<string, string>();
  for (const part of inbound.parts) {
    if (part.kind !== "attachment") continue;
    const path = takeFile(paths, from, part);
    if (path.ok) taken.set(part.handle, path.value);
  }
  return taken;
}

/** A name of our making: the hash tells equal names apart, and no character of a stranger's leads out of the folder. */
export function inboxPath({ name, sha256 }: Pick<Attachment, "name" | "sha256">): string {
  const plain = name
    .normalize("NFC")
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, "_")
    .replace(/^[._-]+/, "");
  const dot = plain.lastIndexOf(".");
  const ending = dot > 0 && plain.length - dot <= 12 ? plain.slice(dot) : "";
  const stem = ending === "" ? plain : plain.slice(0, dot);
  const room = NAME_BYTES_MAX - Buffer.byteLength(ending);
  return `inbox/${sha256.slice(0, HASH_SHOWN)}-${clip(stem, room) || "file"}${ending}`;
}

function takeFile(
  paths: DataPaths,
  from: { readonly agent: AgentId; readonly instance: InstanceId },
  part: Attachment,
): Result<string, Fault> {
  if (!HANDLE.test(part.handle)) return fail("refused", "a handle that is none", { reason: "handle" });
  const target = inboxPath(part);
  const workspacePath = paths.workspace(from.agent);
  const made = ensureFolder(workspacePath);
  if (!made.ok) return made;
  const opened = BeneathRoot.open(workspacePath);
  if (!opened.ok) return opened;
  using workspace = opened.value;
  const there = workspace.read(target, LIMITS.attachment_bytes_max);
  const source = join(paths.spool(from.instance), part.handle);
  if (there.ok && isAsAnnounced(there.value.bytes, part)) {
    discard(source);
    return ok(target);
  }
  const read = readFileBounded(source, LIMITS.attachment_bytes_max);
  discard(source);
  if (!read.ok) return read;
  if (!isAsAnnounced(read.value, part)) return fail("damaged", "the file is not the one that was announced");
  const written = workspace.write(target, read.value);
  return written.ok ? ok(target) : written;
}

function isAsAnnounced(bytes: Uint8Array, { bytes: size, sha256 }: Attachment): boolean {
  return bytes.length === size && hash("sha256", bytes, "hex") === sha256;
}

/** Whole characters in at most `bytes` of UTF-8. */
function clip(text: string, bytes: number): string {
  let kept = "";
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > bytes) break;
    kept += character;
  }
  return kept;
}

/** Best effort: what stays behind is swept by the adapter after a day. */
function discard(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    return;
  }
}
