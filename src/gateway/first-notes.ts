/**
 * The first file of a new workspace, so that whoever comes new has something to read. It is laid once: a person who
 * deletes it does not find it again at the next start.
 */
import { statSync } from "node:fs";
import type { Fault } from "#contracts/fault.ts";
import { ok, type Result } from "#contracts/result.ts";
import type { BeneathRoot } from "#host/beneath.ts";
import { ensureFolder } from "#host/files.ts";

export const FIRST_NOTES = `# Notes

Welcome. This folder is the workspace: the only place where the agent may read and write files.

- Reading here happens at once, and is recorded.
- Writing here happens at once too. The old version is kept, so a write can be undone.
- Commands, and anything that leaves this computer, wait until a person says yes.

Things to try:

- list files
- write milk and bread to shopping.txt
- run: uname -a

Keep this file, change it or delete it: it is yours.
`;

/**
 * Writes `notes.md` into a workspace that is used for the first time.
 * @param keptFolder the folder beside the workspace that is made when the workspace is first used
 * A fault means that a folder or file could not be made.
 */
export function layFirstNotes(workspace: BeneathRoot, keptFolder: string): Result<void, Fault> {
  if (statSync(keptFolder, { throwIfNoEntry: false }) !== undefined) return ok(undefined);
  const made = ensureFolder(keptFolder);
  if (!made.ok) return made;
  const present = workspace.size("notes.md");
  if (!present.ok) return present;
  return present.value === undefined
    ? workspace.write("notes.md", new TextEncoder().encode(FIRST_NOTES))
    : ok(undefined);
}
