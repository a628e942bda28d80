/** Every tool by its name, and the one way from a model's call to a prepared action: total, it never throws. */
import type { ModelCall, ToolSpec } from "#contracts/conversation.ts";
import { type JsonObject, isJsonObject } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { editFileTool } from "./edit-file.ts";
import { execTool } from "./exec.ts";
import { fetchPageTool } from "./fetch-page.ts";
import { httpRequestTool } from "./http-request.ts";
import { listFilesTool } from "./list-files.ts";
import { failed } from "./outcome.ts";
import { readFileTool } from "./read-file.ts";
import { searchFilesTool } from "./search-files.ts";
import type { Performance, Prepared, Tool, ToolContext, ToolOutcome } from "./tool.ts";
import { writeFileTool } from "./write-file.ts";

export const TOOL_NAMES = [
  "read_file",
  "list_files",
  "search_files",
  "write_file",
  "edit_file",
  "exec",
  "http_request",
  "fetch_page",
] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

export const TOOLS = {
  read_file: readFileTool,
  list_files: listFilesTool,
  search_files: searchFilesTool,
  write_file: writeFileTool,
  edit_file: editFileTool,
  exec: execTool,
  http_request: httpRequestTool,
  fetch_page: fetchPageTool,
} as const satisfies Record<ToolName, Tool>;

/** What the model is told. */
export function toolSpecs(): readonly ToolSpec[] {
  return TOOL_NAMES.map((name) => {
    const { description, schema } = TOOLS[name];
    return { name, description, parameters: schema };
  });
}

/** Turns a call of the model into an action. Whatever is wrong becomes `unknown_tool` with a refusal. */
export function prepareCall(call: ModelCall, context: ToolContext): Prepared {
  const refuse = (reason: string, refusal: string, args: JsonObject = {}): Prepared => ({
    action: { call: call.id, tool: call.name, args, plan: "", kind: "unknown_tool", name: call.name, reason },
    refusal,
  });
  const name = TOOL_NAMES.find((known) => known === call.name);
  if (name === undefined)
    return refuse("name", `there is no such tool; the tools are: ${TOOL_NAMES.join(", ")}`);
  const args = parseJson(call.args);
  if (!args.ok) return refuse("json", "the arguments are not a JSON object");
  const prepared = TOOLS[name].prepare(args.value, call.id, context);
  return prepared.ok ? prepared.value : refuse("arguments", prepared.error);
}

/** Performs a prepared call. A prepared call with a refusal is answered with it and touches nothing. */
export async function performCall(
  prepared: Prepared,
  context: ToolContext,
  performance: Performance,
): Promise<ToolOutcome> {
  if (prepared.refusal !== undefined) return failed("refused", prepared.refusal);
  const name = TOOL_NAMES.find((known) => known === prepared.action.tool);
  if (name === undefined) return failed("no_performer", "nothing performs this action");
  if (performance.signal.aborted) return failed("stopped", "stopped before it began");
  return TOOLS[name].perform(prepared, context, performance);
}

function parseJson(text: string): Result<JsonObject, "json"> {
  try {
    const value: unknown = JSON.parse(text === "" ? "{}" : text);
    return isJsonObject(value) ? ok(value) : err("json");
  } catch {
    return err("json");
  }
}
