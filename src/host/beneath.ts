/**
 * Files beneath a root, by relative paths that a model or a stranger chose. No link is followed, nothing above the
 * root is reached, and only plain files with a single name are opened: the kernel resolves (openat2), and where it
 * cannot, each component is looked at. Works on open folders, so that a rename during the call changes nothing.
 */
import { closeSync, constants, fchmodSync, fstatSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { type Random, systemRandom } from "#runtime/random.ts";
import { readDescriptor, writeFully } from "./files.ts";
import { type Libc, loadLibc } from "./libc.ts";
import { type OpenBeneath, kernelOpener, walkingOpener } from "./open-beneath.ts";
import { type RelativePath, parseRelativePath } from "./relative-path.ts";
import { ioFault, systemCode } from "./system-error.ts";

export interface BeneathFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Permission bits. */
  readonly mode: number;
}

export interface BeneathEntry {
  readonly name: string;
  readonly kind: "file" | "folder" | "link" | "other";
}

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY;
const NEW_FILE = 0o600;
const NEW_FOLDER = 0o700;

/** A folder that was opened once; everything is resolved from it. Dispose it. */
export class BeneathRoot implements Disposable {
  readonly #root: number;
  readonly #open: OpenBeneath;
  readonly #random: Random;

  private constructor(root: number, open: OpenBeneath, random: Random) {
    this.#root = root;
    this.#open = open;
    this.#random = random;
  }

  /** Opens `path`, which must be a folder and no link. Without `libc` the checked walk is used. */
  static open(
    path: string,
    options: { readonly libc?: Libc | undefined; readonly random?: Random } = { libc: loadLibc() },
  ): Result<BeneathRoot, Fault> {
    try {
      const root = openSync(path, FOLDER | constants.O_NOFOLLOW);
      const open = options.libc === undefined ? walkingOpener(root, path) : kernelOpener(options.libc, root);
      return ok(new BeneathRoot(root, open, options.random ?? systemRandom));
    } catch (error) {
      return err(ioFault("the folder could not be opened", error));
    }
  }

  /** Reads a file of at most `bytesMax` bytes. */
  read(path: string, bytesMax: number): Result<BeneathFile, Fault> {
    return this.#with(path, constants.O_RDONLY | constants.O_NONBLOCK, (descriptor) => {
      const plain = plainFile(descriptor);
      if (!plain.ok) return plain;
      const bytes = readDescriptor(descriptor, bytesMax);
      return bytes.ok ? ok({ bytes: bytes.value, mode: plain.value.mode }) : bytes;
    });
  }

  /** Size in bytes of a file; `undefined` where there is nothing. */
  size(path: string): Result<number | undefined, Fault> {
    const found = this.#with(path, constants.O_RDONLY | constants.O_NONBLOCK, plainFile);
    if (found.ok) return ok(found.value.size);
    return found.error.code === "not_found" ? ok(undefined) : found;
  }

  /**
   * Replaces or makes a file, with the folders above it: written under a random name, flushed, renamed within the same
   * open folder. A link or a special file of that name is refused, and one that appears in between is replaced, never
   * followed.
   */
  write(path: string, bytes: Uint8Array): Result<void, Fault> {
    const parsed = parseRelativePath(path);
    if (!parsed.ok) return parsed;
    const made = this.#makeFolders(parsed.value.folders);
    if (!made.ok) return made;
    const old = this.#with(path, constants.O_RDONLY | constants.O_NONBLOCK, plainFile);
    if (!old.ok && old.error.code !== "not_found") return old;
    return this.#inFolder(parsed.value, (folder, name) => {
      const temporary = `.${Buffer.from(this.#random.bytes(12)).toString("hex")}.tmp`;
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
      const descriptor = openSync(`${folder.path}/${temporary}`, flags, NEW_FILE);
      try {
        writeFully(descriptor, bytes);
        if (old.ok) fchmodSync(descriptor, old.value.mode);
        fsyncSync(descriptor);
        renameSync(`${folder.path}/${temporary}`, `${folder.path}/${name}`);
      } catch (error) {
        unlinkSync(`${folder.path}/${temporary}`);
        throw error;
      } finally {
        closeSync(descriptor);
      }
      fsyncSync(folder.descriptor);
    });
  }

  /** Makes a folder and those above it. */
  makeFolder(path: string): Result<void, Fault> {
    const parsed = parseRelativePath(path);
    return parsed.ok ? this.#makeFolders(parsed.value.components) : parsed;
  }

  /** Entries of a folder by name order, at most `entriesMax`; `more` says that there were others. */
  list(path: string, entriesMax: number): Result<{ entries: readonly BeneathEntry[]; more: boolean }, Fault> {
    return this.#with(path, FOLDER, (descriptor, reach) => {
      const all = readdirSync(reach(descriptor), { withFileTypes: true });
      all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
      const entries = all.slice(0, entriesMax).map((entry): BeneathEntry => {
        if (entry.isSymbolicLink()) return { name: entry.name, kind: "link" };
        if (entry.isDirectory()) return { name: entry.name, kind: "folder" };
        return { name: entry.name, kind: entry.isFile() ? "file" : "other" };
      });
      return ok({ entries, more: all.length > entries.length });
    });
  }

  /** Removes a name: a file, a link (not what it points to) or an empty folder. */
  remove(path: string): Result<void, Fault> {
    const parsed = parseRelativePath(path);
    if (!parsed.ok) return parsed;
    return this.#inFolder(parsed.value, (folder, name) => {
      try {
        unlinkSync(`${folder.path}/${name}`);
      } catch (error) {
        if (systemCode(error) !== "EISDIR" && systemCode(error) !== "EPERM") throw error;
        rmdirSync(`${folder.path}/${name}`);
      }
    });
  }

  [Symbol.dispose](): void {
    closeSync(this.#root);
  }

  #makeFolders(components: readonly string[]): Result<void, Fault> {
    for (let depth = 1; depth <= components.length; depth++) {
      const path = components.slice(0, depth).join("/");
      const there = this.#with(path, FOLDER, () => ok(undefined));
      if (there.ok) continue;
      if (there.error.code !== "not_found") return there;
      const parsed = parseRelativePath(path);
      if (!parsed.ok) return parsed;
      const made = this.#inFolder(parsed.value, (folder, name) => {
        mkdirSync(`${folder.path}/${name}`, NEW_FOLDER);
      });
      if (!made.ok && made.error.reason !== "EEXIST") return made;
    }
    return ok(undefined);
  }

  /** Opens the parent of a path and acts on its last component, which must exist as a name. */
  #inFolder(
    path: RelativePath,
    act: (folder: { descriptor: number; path: string }, name: string) => void,
  ): Result<void, Fault> {
    const { name } = path;
    if (name === undefined) return fail("refused", "the folder itself cannot be changed", { reason: "root" });
    return this.#with(path.folders.join("/"), FOLDER, (descriptor, reach) => {
      act({ descriptor, path: reach(descriptor) }, name);
      return ok(undefined);
    });
  }

  #with<T>(
    path: string,
    flags: number,
    act: (descriptor: number, reach: OpenBeneath["reach"]) => Result<T, Fault>,
  ): Result<T, Fault> {
    const parsed = parseRelativePath(path);
    if (!parsed.ok) return parsed;
    const opened = this.#open.open(parsed.value, flags);
    if (!opened.ok) return opened;
    try {
      return act(opened.value, this.#open.reach);
    } catch (error) {
      return err(ioFault("the file could not be used", error));
    } finally {
      closeSync(opened.value);
    }
  }
}

/** A regular file with one name. A second name could lead to the same bytes from outside the root. */
function plainFile(descriptor: number): Result<{ size: number; mode: number }, Fault> {
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) return fail("refused", "not a plain file", { reason: "not_a_file" });
  if (stats.nlink > 1) {
    return fail("refused", "the file has another name elsewhere (a hard link)", { reason: "hard_link" });
  }
  return ok({ size: stats.size, mode: stats.mode & 0o777 });
}
