/** B2, B3: paths beneath a folder, links, special files, races; files that are handed on. */
import type { Defence } from "./defence.ts";

const BENEATH = ["src/host/beneath.test.ts"] as const;
const opener = { attack: "B2", file: "src/host/open-beneath.ts", tests: BENEATH } as const;
const beneath = { attack: "B2", file: "src/host/beneath.ts", tests: BENEATH } as const;
const path = { attack: "B2", file: "src/host/relative-path.ts", tests: BENEATH } as const;
const files = { attack: "B2", file: "src/host/files.ts", tests: ["src/host/files.test.ts"] } as const;
const given = {
  attack: "B2",
  file: "src/host/agent-folders.ts",
  tests: ["src/host/agent-folders.test.ts"],
} as const;
const undo = { attack: "B2", file: "src/box/undo.ts", tests: ["src/box/box.test.ts"] } as const;

export const FILES: readonly Defence[] = [
  {
    ...opener,
    keeps: "the kernel follows no link",
    text: "const RESOLVE = 0x08 | 0x04 | 0x02;",
    without: "const RESOLVE = 0x08 | 0x02;",
  },
  {
    ...opener,
    keeps: "the walk follows no link",
    text: "if (lstatSync(at).isSymbolicLink()) return refusal(ERRNO.ELOOP);",
    without: "",
  },
  {
    ...path,
    keeps: "no path goes up",
    text: 'if (components.includes("..")) return refused("the path must not leave the workspace");',
    without: "",
  },
  {
    ...path,
    keeps: "no path is absolute",
    text: 'if (path.startsWith("/")) return refused("the path must be relative to the workspace");',
    without: "",
  },
  {
    ...path,
    keeps: "no path ends at a NUL",
    text: 'if (path.includes("\\0") || !path.isWellFormed())',
    without: "if (!path.isWellFormed())",
  },
  {
    ...beneath,
    keeps: "a file with a name elsewhere is not opened",
    text: "if (stats.nlink > 1) {",
    without: "if (stats.nlink > 100_000) {",
  },
  {
    ...beneath,
    keeps: "a pipe or a device is not opened",
    text: 'if (!stats.isFile()) return fail("refused", "not a plain file", { reason: "not_a_file" });',
    without: "",
  },
  {
    ...beneath,
    keeps: "a root that is a link is not opened",
    text: "openSync(path, FOLDER | constants.O_NOFOLLOW);",
    without: "openSync(path, FOLDER);",
  },
  {
    ...files,
    keeps: "a file of ours that became a link is not read",
    text: "openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);",
    without: "openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);",
  },
  {
    ...files,
    keeps: "a FIFO in a file's place is refused without waiting",
    text: 'if (!stats.isFile()) return fail("io", "not a regular file", { reason: "not_a_file" });',
    without: "",
  },
  {
    ...files,
    attack: "D4",
    keeps: "a folder of ours is closed to others",
    text: "if ((stats.mode & 0o077) !== 0) chmodSync(path, PRIVATE_FOLDER);",
    without: "",
  },
  {
    ...files,
    keeps: "a folder of ours is no link",
    text: 'if (!stats.isDirectory())\n    return fail("config", "the folder is a link or a file", { reason: "not_a_folder" });',
    without: "",
  },
  {
    ...files,
    keeps: "a folder that others could swap is refused",
    text: "if (others) {",
    without: "if (others && stats.uid < 0) {",
  },
  {
    ...files,
    attack: "D4",
    keeps: "a file of ours is private",
    text: "fchmodSync(descriptor, options.mode ?? PRIVATE_FILE);",
    without: "fchmodSync(descriptor, 0o644);",
  },
  {
    ...given,
    keeps: "no agent is given the program's data",
    text: "if (roots.some((root) => isWithin(path, root) || isWithin(root, path))) {",
    without: "if (path === '') {",
  },
  {
    ...given,
    keeps: "no agent is given the system's folders",
    text: "if (SYSTEM.some((folder) => isWithin(path, folder)))",
    without: "if (SYSTEM.length === 0)",
  },
  {
    ...given,
    keeps: "a list of folders that was written by hand is judged too",
    text: 'if (wrong !== undefined) return fail("config", "folders.json names a folder that no agent may have");',
    without: "",
  },
  {
    ...undo,
    keeps: "undo touches nothing that changed since",
    text: "if (sameEntry(now ?? null, after)) return ok(undefined);",
    without: "if (now !== null || after === null) return ok(undefined);",
  },
  {
    ...undo,
    keeps: "undo follows no link that took a folder's place",
    text: "const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;",
    without: "const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY;",
  },
  {
    attack: "B2",
    keeps: "an edit is undone only where the file still is what it left",
    file: "src/tools/snapshots.ts",
    text: "if (sha256Hex(now.value.bytes) !== undo.after) {",
    without: "if (now.value.bytes.length < 0) {",
    tests: ["src/tools/files.test.ts"],
  },
  {
    attack: "B3",
    keeps: "a document of an adapter's state is a name, never a path",
    file: "adapters/kit/state-store.ts",
    text: "if (!NAME.test(name))",
    without: "if (name === '')",
    tests: ["adapters/kit/state.test.ts"],
  },
  {
    attack: "B3",
    keeps: "a downloaded file ends at its bound",
    file: "adapters/kit/state-store.ts",
    text: "if (bytes > bytesMax) {",
    without: "if (bytes < 0) {",
    tests: ["adapters/kit/state.test.ts"],
  },
  {
    attack: "B3",
    keeps: "a file is taken by a handle of our making, never by a path",
    file: "src/gateway/inbox.ts",
    text: 'if (!HANDLE.test(part.handle)) return fail("refused", "a handle that is none", { reason: "handle" });',
    without: "",
    tests: ["src/gateway/inbox.test.ts"],
  },
  {
    attack: "B3",
    keeps: "a file is the one that the signed frame announced",
    file: "src/gateway/inbox.ts",
    text: 'if (!isAsAnnounced(read.value, part)) return fail("damaged", "the file is not the one that was announced");',
    without: "",
    tests: ["src/gateway/inbox.test.ts"],
  },
  {
    attack: "B3",
    keeps: "a stranger's file name leads nowhere",
    file: "src/gateway/inbox.ts",
    text: '.replace(/[^\\p{L}\\p{M}\\p{N}._-]+/gu, "_")',
    without: "",
    tests: ["src/gateway/inbox.test.ts"],
  },
];
