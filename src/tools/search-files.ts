/**
 * `search_files`: lines of text files, of the workspace or a given folder, that hold a text. A plain text, no pattern: it
 * always ends.
 */
import type { JsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { Clock } from "#runtime/clock.ts";
import { objectSchema, parseArguments } from "./arguments.ts";
import { matches, searchView, textOf } from "./file-views.ts";
import { done, failed, notMine } from "./outcome.ts";
import { refuseOutside, placeOf } from "./file-place.ts";
import { type FileTree, treeOf } from "./file-tree.ts";
import { defineTool } from "./tool.ts";

const PATH_BYTES_MAX = 4_096;
const QUERY_BYTES_MAX = 1_024;
const LINE_CHARS_MAX = 400;
/** Of a line, shown before its match. */
const BEFORE_CHARS = 100;
const FILES_MAX = 20_000;
const SEARCH_MS_MAX = 10_000;
/** Files between two looks at the clock and at whether the turn was stopped. */
const PAUSE_EVERY = 64;
const SKIPPED_FOLDERS: readonly string[] = [".git", "node_modules"];

interface Found {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

export const searchFilesTool = defineTool({
  name: "search_files",
  description:
    "Find lines that contain a text in the files of the workspace. .git and node_modules are skipped.",
  schema: objectSchema(
    {
      query: { type: "string", description: "The text to look for; not a pattern." },
      path: {
        type: "string",
        description: "Folder to search; the whole workspace by default. Absolute in one given to you.",
      },
      ignore_case: { type: "boolean", description: "True by default." },
    },
    ["query"],
  ),
  parse: (args) =>
    parseArguments(args, ["query", "path", "ignore_case"], (reader) => ({
      query: reader.text("query", QUERY_BYTES_MAX),
      path: reader.text("path", PATH_BYTES_MAX, "."),
      ignore_case: reader.flag("ignore_case", true),
    })),
  classify: (args, baseOf, { given }) => {
    const place = placeOf(args.path, given, "read");
    const { path } = place;
    const base = baseOf({ ...args, path });
    if (args.query === "" || args.query.includes("\n")) {
      const refusal = "`query` must be one line and not empty";
      return { action: { ...base, kind: "unknown_tool", name: "search_files", reason: "query" }, refusal };
    }
    if (place.kind === "outside") return refuseOutside(place, base);
    if (place.kind === "workspace") return { action: { ...base, kind: "workspace_list", path } };
    return { action: { ...base, kind: "folder_read", folder: place.folder, path } };
  },
  perform: async ({ action }, context, { signal }) => {
    const { query, ignore_case: ignoreCase } = action.args;
    const tree = action.kind === "workspace_read" ? undefined : treeOf(action, context);
    if (tree === undefined || typeof query !== "string" || typeof ignoreCase !== "boolean") return notMine();
    const hits = (path: string): Promise<readonly Found[]> => hitsOf(tree, path, query, ignoreCase);
    const result = await searchTree(tree, hits, context.clock, signal);
    if (result === "stopped") return failed("stopped", "the search was stopped");
    const recorded: JsonObject = {
      found: result.found.map(({ path, line, text }) => ({ path, line, text })),
      files: result.files,
      more: result.more,
    };
    const view = searchView(action.args, recorded);
    return view.ok ? done(view.value, { recorded }) : notMine();
  },
});

/** Walks folders in name order, so that the same tree gives the same answer. */
async function searchTree(
  tree: FileTree,
  hits: (path: string) => Promise<readonly Found[]>,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ found: Found[]; files: number; more: boolean } | "stopped"> {
  const found: Found[] = [];
  const deadline = clock.monotonic() + SEARCH_MS_MAX;
  let files = 0;
  let more = false;
  const stack = [tree.start];
  for (let folder = stack.pop(); folder !== undefined; folder = stack.pop()) {
    const listed = await tree.list(folder, FILES_MAX);
    if (!listed.ok) continue; // gone, or not a folder: nothing to find there
    const below: string[] = [];
    for (const entry of listed.value.entries) {
      const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
      if (entry.kind === "folder" && !SKIPPED_FOLDERS.includes(entry.name)) below.push(path);
      if (entry.kind !== "file") continue;
      files += 1;
      if (files % PAUSE_EVERY === 0) await clock.sleep(0);
      if (signal.aborted) return "stopped";
      if (files > FILES_MAX || clock.monotonic() > deadline) return { found, files, more: true };
      for (const line of await hits(path)) {
        if (found.length === LIMITS.search_matches_max) return { found, files, more: true };
        found.push(line);
      }
    }
    stack.push(...below.reverse());
    more ||= listed.value.more;
  }
  return { found, files, more };
}

async function hitsOf(
  tree: FileTree,
  path: string,
  query: string,
  ignoreCase: boolean,
): Promise<readonly Found[]> {
  const file = await tree.read(path, LIMITS.read_bytes_max);
  const text = file.ok ? textOf(file.value) : undefined;
  if (text === undefined || !path.isWellFormed()) return [];
  return text.split("\n").flatMap((line, index): Found[] => {
    if (!matches(line, query, ignoreCase)) return [];
    const shown = windowOf(line, query, ignoreCase);
    return shown === undefined ? [] : [{ path: tree.nameOf(path), line: index + 1, text: shown }];
  });
}

/** The part of a line that holds the match. Lower case can change lengths: then the place is looked for again. */
function windowOf(line: string, query: string, ignoreCase: boolean): string | undefined {
  const at = ignoreCase ? line.toLowerCase().indexOf(query.toLowerCase()) : line.indexOf(query);
  const length = LINE_CHARS_MAX + query.length;
  for (const start of [Math.max(0, at - BEFORE_CHARS), Math.max(0, at - length / 2), 0]) {
    const shown = line.slice(start, start + length).toWellFormed();
    if (matches(shown, query, ignoreCase)) return shown;
  }
  return undefined;
}
