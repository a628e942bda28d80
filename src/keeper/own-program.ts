/**
 * The executable that the keeper hands secrets to. It is started by its path, and a path can be given to another file:
 * before each start the file must still be the one that the keeper itself runs from.
 */
import { type BigIntStats, statSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { hashFile } from "#host/executable-hash.ts";

export class OwnProgram {
  readonly #path: string;
  readonly #sha256: string;
  #seen: string | undefined;

  /**
   * @param path where the program is started from
   * @param sha256 lower-case hex, of the file that the keeper runs from
   * @param running a path that names the file that runs, whatever became of `path`; saves hashing it once more
   */
  constructor(path: string, sha256: string, running?: string) {
    this.#path = path;
    this.#sha256 = sha256;
    const own = running === undefined ? undefined : identityOf(running);
    if (own !== undefined && own === identityOf(path)) this.#seen = own;
  }

  /** Fails with `refused`, reason `program_changed`, when the path holds another program or none. */
  check(): Result<void, Fault> {
    const before = identityOf(this.#path);
    // The change time cannot be set by anyone's wish: while all of this is the same, the content is.
    if (before !== undefined && before === this.#seen) return ok(undefined);
    const hash = hashFile(this.#path);
    if (
      before === undefined ||
      !hash.ok ||
      hash.value !== this.#sha256 ||
      identityOf(this.#path) !== before
    ) {
      return fail("refused", "the program's file was replaced while it ran: nothing is started from it", {
        reason: "program_changed",
        hint: "stop wirken, look at who replaced the file, and start it again",
      });
    }
    this.#seen = before;
    return ok(undefined);
  }
}

function identityOf(path: string): string | undefined {
  let stat: BigIntStats;
  try {
    stat = statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
  return [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(" ");
}
