/** What `write_file` and `edit_file` share: the action of a new content, and its performance. */
import type { JsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import { argumentOf, bodyIs, sha256Hex } from "./digest.ts";
import { differenceOf } from "./difference.ts";
import { textOf } from "./file-views.ts";
import { changed, done, failed, failedBy, notMine } from "./outcome.ts";
import type { BaseOf, Prepared, ToolContext, ToolOutcome } from "./tool.ts";

/** The file as it was when the call was classified. */
export interface OldFile {
  readonly bytes: Uint8Array;
}

/** Old bytes, `undefined` where there is no file, or why it cannot be read: then it cannot be undone. */
export function oldFile(context: ToolContext, path: string): OldFile | undefined | { readonly why: string } {
  const file = context.workspace.read(path, LIMITS.write_bytes_max);
  if (file.ok) return { bytes: file.value.bytes };
  if (file.error.code === "not_found") return undefined;
  return { why: file.error.code === "limit" ? "limit" : file.error.message };
}

/**
 * The action of writing `content`. `content` stands in the arguments (by hash when long), and so does `base`, the hash
 * of the old bytes that the shown difference was made from.
 */
export function writeAction(
  path: string,
  content: string,
  old: OldFile | undefined,
  baseOf: BaseOf,
): Prepared {
  const body = new TextEncoder().encode(content);
  const base = old === undefined ? "" : sha256Hex(old.bytes);
  const before = old === undefined ? "" : textOf(old.bytes);
  const args: JsonObject = { path, content: argumentOf(content), base };
  const difference =
    old === undefined
      ? ""
      : before === undefined
        ? `[the old file is not text: ${old.bytes.length} bytes, sha256 ${base}]`
        : differenceOf(before, content);
  return {
    action: {
      ...baseOf(args),
      kind: "workspace_write",
      path,
      bytes: body.length,
      sha256: sha256Hex(body),
      difference,
    },
    body,
  };
}

/** The action of overwriting a file that is too large to be kept: nobody can undo it. */
export function overwriteAction(path: string, content: string, baseOf: BaseOf): Prepared {
  const args: JsonObject = { path, content: argumentOf(content) };
  const body = new TextEncoder().encode(content);
  return { action: { ...baseOf(args), kind: "destructive_file_op", path, operation: "overwrite" }, body };
}

/** Keeps the old bytes, then writes exactly the approved ones. */
export function performWrite(prepared: Prepared, context: ToolContext): ToolOutcome {
  const { action, body } = prepared;
  if (body === undefined || !bodyIs(action.args, "content", body)) return changed("the content");
  if (action.kind === "destructive_file_op" && action.operation === "overwrite") {
    const written = context.workspace.write(action.path, body);
    return written.ok ? done(`wrote ${body.length} bytes to ${action.path}`) : failedBy(written.error);
  }
  if (action.kind !== "workspace_write") return notMine();
  const after = sha256Hex(body);
  if (after !== action.sha256 || body.length !== action.bytes) return changed("the content");
  const old = oldFile(context, action.path);
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
