/** A path that is not in the workspace, as the action it would need: it is refused, and the refusal says why. */
import { parseRelativePath } from "#host/relative-path.ts";
import type { ActionBase } from "#contracts/action.ts";
import type { Prepared } from "./tool.ts";

/** `undefined` when the path may be beneath the workspace. */
export function outsideRefusal(path: string, base: ActionBase): Prepared | undefined {
  const parsed = parseRelativePath(path);
  if (parsed.ok) return undefined;
  return {
    action: { ...base, kind: "external_file_read", path },
    refusal: `${parsed.error.message}; only files of the workspace can be used`,
  };
}

/** The path as it is opened and shown: `./a//b` is `a/b`. */
export function workspacePath(path: string): string {
  const parsed = parseRelativePath(path);
  return parsed.ok ? parsed.value.text : path;
}
