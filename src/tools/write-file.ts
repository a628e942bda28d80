/** `write_file`: makes or replaces a file of the workspace. */
import { LIMITS } from "#contracts/limits.ts";
import { objectSchema, parseArguments } from "./arguments.ts";
import { argumentOf } from "./digest.ts";
import { outsideRefusal, workspacePath } from "./outside.ts";
import { defineTool } from "./tool.ts";
import { oldFile, overwriteAction, performWrite, writeAction } from "./write-action.ts";

const PATH_BYTES_MAX = 4_096;

export const writeFileTool = defineTool({
  name: "write_file",
  description: "Write a text file of the workspace; an old file is replaced and can be brought back.",
  schema: objectSchema(
    {
      path: { type: "string", description: "Path relative to the workspace." },
      content: { type: "string", description: "The whole new content." },
    },
    ["path", "content"],
  ),
  parse: (args) =>
    parseArguments(args, ["path", "content"], (reader) => ({
      path: reader.text("path", PATH_BYTES_MAX),
      content: reader.text("content", LIMITS.write_bytes_max),
    })),
  classify: (args, baseOf, context) => {
    const path = workspacePath(args.path);
    const base = baseOf({ path, content: argumentOf(args.content) });
    const outside = outsideRefusal(args.path, base);
    if (outside !== undefined) return outside;
    const old = oldFile(context, path);
    if (old === undefined || !("why" in old)) return writeAction(path, args.content, old, baseOf);
    if (old.why === "limit") return overwriteAction(path, args.content, baseOf);
    return {
      action: { ...base, kind: "destructive_file_op", path, operation: "overwrite" },
      refusal: old.why,
    };
  },
  perform: async (prepared, context) => performWrite(prepared, context),
});
