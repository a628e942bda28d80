/**
 * The executable that the keeper hands secrets to. On Linux it is started by the name of the file that the keeper
 * itself runs (`host/self.ts`): nothing that is done to its path matters, and what remains to be seen is a file that
 * was written into. Elsewhere it is started by its path, which can be given to another file: then it is refused.
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
   * @param sha256 lower-case hex, just taken of that file
   */
  constructor(path: string, sha256: string) {
    this.#path = path;
    this.#sha256 = sha256;
    this.#seen = identityOf(path);
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
      return fail("refused", "the program's file was changed while it ran: nothing is started from it", {
        reason: "program_changed",
        hint: "stop wirken, look at who changed the file, and start it again",
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
