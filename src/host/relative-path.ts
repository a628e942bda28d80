/** Relative paths from outside, parsed: no `..`, nothing absolute, no NUL, bounded. */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";

export interface RelativePath {
  readonly components: readonly string[];
  /** All but the last component. */
  readonly folders: readonly string[];
  /** The last component; `undefined` for the root itself. */
  readonly name: string | undefined;
  /** The components joined: what is opened and shown. `.` for the root. */
  readonly text: string;
}

const PATH_BYTES_MAX = 4_095;
const NAME_BYTES_MAX = 255;

/** Parses a path; `.` and empty components vanish. Fails with `refused` and the reason `path`. */
export function parseRelativePath(path: string): Result<RelativePath, Fault> {
  if (path.includes("\0") || !path.isWellFormed())
    return refused("the path holds a character that no name has");
  if (path.startsWith("/")) return refused("the path must be relative to the workspace");
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) return refused("the path is too long");
  const components = path.split("/").filter((component) => component !== "" && component !== ".");
  if (components.includes("..")) return refused("the path must not leave the workspace");
  if (components.some((component) => Buffer.byteLength(component) > NAME_BYTES_MAX)) {
    return refused("a name in the path is too long");
  }
  return ok({
    components,
    folders: components.slice(0, -1),
    name: components.at(-1),
    text: components.length === 0 ? "." : components.join("/"),
  });
}

function refused(message: string): Result<never, Fault> {
  return fail("refused", message, { reason: "path" });
}
