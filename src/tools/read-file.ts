/** `read_file`: a text file of the workspace, whole or some lines. */
import type { JsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import { objectSchema, parseArguments } from "./arguments.ts";
import { sha256Hex } from "./digest.ts";
import { readView, textOf } from "./file-views.ts";
import { done, failedBy, notMine } from "./outcome.ts";
import { outsideRefusal, workspacePath } from "./outside.ts";
import { defineTool } from "./tool.ts";

const PATH_BYTES_MAX = 4_096;
const LINES_MAX = 1_000_000;

export const readFileTool = defineTool({
  name: "read_file",
  description: "Read a text file of the workspace.",
  schema: objectSchema(
    {
      path: { type: "string", description: "Path relative to the workspace." },
      from_line: { type: "integer", minimum: 1, description: "First line; 1 by default." },
      lines: { type: "integer", minimum: 1, description: "How many lines; all by default." },
    },
    ["path"],
  ),
  parse: (args) =>
    parseArguments(args, ["path", "from_line", "lines"], (reader) => ({
      path: reader.text("path", PATH_BYTES_MAX),
      from_line: reader.integer("from_line", 1, LINES_MAX, 1),
      lines: reader.integer("lines", 1, LINES_MAX, LINES_MAX),
    })),
  classify: (args, baseOf) => {
    const path = workspacePath(args.path);
    const base = baseOf({ ...args, path });
    return outsideRefusal(args.path, base) ?? { action: { ...base, kind: "workspace_read", path } };
  },
  perform: async ({ action }, { workspace }) => {
    if (action.kind !== "workspace_read") return notMine();
    const file = workspace.read(action.path, LIMITS.read_bytes_max);
    if (!file.ok) return failedBy(file.error);
    const { bytes } = file.value;
    const text = textOf(bytes);
    const recorded: JsonObject = {
      bytes: bytes.length,
      sha256: sha256Hex(bytes),
      ...(text === undefined ? {} : { text }),
    };
    const view = readView(action.args, recorded);
    return view.ok ? done(view.value, { recorded }) : notMine();
  },
});
