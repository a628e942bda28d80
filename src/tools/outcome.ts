/** Builds outcomes: every output is capped head and tail, with a line that says how much was left out. */
import type { Fault } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import { capMiddle, utf8Length } from "#contracts/visible.ts";
import type { ToolOutcome } from "./tool.ts";

/** A success. */
export function done(output: string, more: Partial<ToolOutcome> = {}): ToolOutcome {
  return { ok: true, ...capped(output), ...more };
}

/** A failure that the model is told about. */
export function failed(code: string, output: string, more: Partial<ToolOutcome> = {}): ToolOutcome {
  return { ok: false, code, ...capped(output), ...more };
}

/** A fault as a failure. */
export function failedBy(fault: Fault): ToolOutcome {
  return failed(fault.reason ?? fault.code, fault.message);
}

/** The action is not one that this tool performs: a bug in the caller, and never an effect. */
export function notMine(): ToolOutcome {
  return failed("wrong_tool", "this action belongs to another tool");
}

/** What was approved is no longer what would happen. */
export function changed(what: string): ToolOutcome {
  return failed("changed", `${what} changed after the call was decided; nothing was done`);
}

/** The output within its bound. */
export function capped(output: string): Pick<ToolOutcome, "output" | "bytes" | "truncated"> {
  const text = output.toWellFormed();
  const bytes = utf8Length(text);
  return {
    output: capMiddle(text, LIMITS.tool_output_bytes_max),
    bytes,
    truncated: bytes > LIMITS.tool_output_bytes_max,
  };
}
