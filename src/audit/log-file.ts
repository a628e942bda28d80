/**
 * The record's file as it was opened. A row written into a file that was deleted or replaced would be gone with the
 * program, and the record at its path would be another: so before each write the path must still name the open file.
 */
import { type BigIntStats, statSync } from "node:fs";
import { FaultError } from "#contracts/fault.ts";
import { endFault } from "#contracts/role-end.ts";

export class LogFile {
  readonly #path: string;
  readonly #onLost: (error: FaultError) => void;
  readonly #main: string | undefined;
  #wal: string | undefined;

  /**
   * @param path of the open database
   * @param onLost told once, before the first write that is refused
   */
  constructor(path: string, onLost: (error: FaultError) => void) {
    this.#path = path;
    this.#onLost = onLost;
    this.#main = identityOf(path);
  }

  /** @throws FaultError `damaged`, reason `log_replaced`, when the file or its write-ahead log is another or gone. */
  check(): void {
    const wal = identityOf(`${this.#path}-wal`);
    this.#wal ??= wal; // made by the first write; from then on it stays as long as the database is open
    if (this.#main !== undefined && identityOf(this.#path) === this.#main && wal === this.#wal) return;
    const error = new FaultError(endFault("log_replaced"));
    this.#onLost(error);
    throw error;
  }
}

function identityOf(path: string): string | undefined {
  const stat: BigIntStats | undefined = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
}
