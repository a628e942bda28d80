/** Deterministic tools run again from the log alone (docs/formats/audit.md, `session verify`). Pure. */
import { type JsonObject, isJsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { capMiddle } from "#contracts/visible.ts";
import { listView, readView, searchView } from "./file-views.ts";

const VIEWS = { read_file: readView, list_files: listView, search_files: searchView } as const;
export type ReplayedTool = keyof typeof VIEWS;

/** True for a tool whose output follows from its arguments and recorded inputs. */
export function isReplayed(tool: string): tool is ReplayedTool {
  return Object.hasOwn(VIEWS, tool);
}

/**
 * The output that the recorded inputs lead to, capped as the tool caps it. `malformed`: the record is none of the
 * tool's, which is a divergence as well.
 */
export function replay(tool: ReplayedTool, args: JsonObject, recorded: unknown): Result<string, "malformed"> {
  if (!isJsonObject(recorded)) return err("malformed");
  const output = VIEWS[tool](args, recorded);
  return output.ok ? ok(capMiddle(output.value.toWellFormed(), LIMITS.tool_output_bytes_max)) : output;
}
