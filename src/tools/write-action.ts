/** What `write_file` and `edit_file` share: the action of a new content, and its performance. */
import type { ActionOf } from "#contracts/action.ts";
import type { JsonObject } from "#contracts/json.ts";
import { fail } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import { argumentOf, bodyIs, sha256Hex } from "./digest.ts";
import { differenceOf } from "./difference.ts";
import { textOf } from "./file-views.ts";
import { type FilePlace, refuseWrite, withinFolder } from "./file-place.ts";
import { changed, done, failed, failedBy, notMine } from "./outcome.ts";
import type { BaseOf, Prepared, ToolContext, ToolOutcome } from "./tool.ts";

/** The file as it was when the call was classified. */
export interface OldFile {
  readonly bytes: Uint8Array;
}

/** Where a write goes to. */
export type WritePlace = Exclude<FilePlace, { readonly kind: "outside" }>;

/** Old bytes, `undefined` where there is no file, or why it cannot be read: then it cannot be undone. */
export function oldFile(
  context: ToolContext,
  place: WritePlace,
): OldFile | undefined | { readonly why: string } {
  if (place.kind === "given") {
    const seen = context.given.seen ?? fail("unavailable", "the file was not looked at");
    if (seen.ok) return { bytes: seen.value };
    return seen.error.code === "not_found" ? undefined : { why: seen.error.message };
  }
  const file = context.workspace.read(place.path, LIMITS.write_bytes_max);
  if (file.ok) return { bytes: file.value.bytes };
  if (file.error.code === "not_found") return undefined;
  return { why: file.error.code === "limit" ? "limit" : file.error.message };
}

/**
 * The action of writing `content`. `content` stands in the arguments (by hash when long), and so does `base`, the hash
 * of the old bytes that the shown difference was made from.
 */
export function writeAction(
  place: WritePlace,
  content: string,
  old: OldFile | undefined,
  baseOf: BaseOf,
): Prepared {
  const body = new TextEncoder().encode(content);
  const base = old === undefined ? "" : sha256Hex(old.bytes);
  const before = old === undefined ? "" : textOf(old.bytes);
  const { path } = place;
  const args: JsonObject = { path, content: argumentOf(content), base };
  if (place.kind === "given" && body.length > LIMITS.folder_file_bytes_max) {
    const why = "the file would be too large for a folder outside the workspace";
    return refuseWrite({ kind: "outside", path, why }, baseOf(args), content);
  }
  const difference =
    old === undefined
      ? ""
      : before === undefined
        ? `[the old file is not text: ${old.bytes.length} bytes, sha256 ${base}]`
        : differenceOf(before, content);
  const write = { ...baseOf(args), path, bytes: body.length, sha256: sha256Hex(body), difference };
  if (place.kind === "workspace") return { action: { ...write, kind: "workspace_write" }, body };
  return { action: { ...write, kind: "folder_write", folder: place.folder }, body };
}

/** The action of overwriting a file that is too large to be kept: nobody can undo it. */
export function overwriteAction(path: string, content: string, baseOf: BaseOf): Prepared {
  const args: JsonObject = { path, content: argumentOf(content) };
  const body = new TextEncoder().encode(content);
  return { action: { ...baseOf(args), kind: "destructive_file_op", path, operation: "overwrite" }, body };
}

/** Keeps the old bytes, then writes exactly the approved ones. */
export async function performWrite(prepared: Prepared, context: ToolContext): Promise<ToolOutcome> {
  const { action, body } = prepared;
  if (body === undefined || !bodyIs(action.args, "content", body)) return changed("the content");
  if (action.kind === "destructive_file_op" && action.operation === "overwrite") {
    const written = context.workspace.write(action.path, body);
    return written.ok ? done(`wrote ${body.length} bytes to ${action.path}`) : failedBy(written.error);
  }
  if (action.kind !== "workspace_write" && action.kind !== "folder_write") return notMine();
  const after = sha256Hex(body);
  if (after !== action.sha256 || body.length !== action.bytes) return changed("the content");
  if (action.kind === "folder_write") return writeGiven(action, body, context);
  const old = oldFile(context, { kind: "workspace", path: action.path });
  if (old !== undefined && "why" in old) return failed("not_undoable", `the old file: ${old.why}`);
  const before = old === undefined ? "" : sha256Hex(old.bytes);
  if (before !== action.args["base"]) return changed("the file");
  if (old !== undefined) {
    const kept = context.snapshots.keep(old.bytes);
    if (!kept.ok) return failedBy(kept.error);
  }
  const written = context.workspace.write(action.path, body);
  if (!written.ok) return failedBy(written.error);
  return done(`wrote ${body.length} bytes to ${action.path}`, { undo: { path: action.path, before, after } });
}

/** The box role keeps the old bytes and compares them with what the shown difference was made from. */
async function writeGiven(
  action: ActionOf<"folder_write">,
  body: Uint8Array,
  { given }: ToolContext,
): Promise<ToolOutcome> {
  const { folder, path } = action;
  const { base } = action.args;
  if (typeof base !== "string") return notMine();
  const place = { agent: given.agent, folder, path: withinFolder(folder, path) };
  const written = await given.port.writeFile(place, base, body);
  if (!written.ok) return failedBy(written.error);
  const { changes, changed: count } = written.value;
  return done(`wrote ${body.length} bytes to ${path}`, { boxUndo: { changes, changed: count } });
}
