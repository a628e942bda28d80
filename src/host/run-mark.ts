/**
 * What the keeper leaves in `keeper.pid`: who runs on the data folder, or why the last run ended where a person must
 * do something before the next. Three lines (pid, file of the program as `device:inode`, boot id), or `ended <reason>`.
 */
import { readFileSync, statSync } from "node:fs";

export type RunMark =
  | {
      readonly kind: "running";
      readonly pid: number;
      /** `device:inode` of the executable. */
      readonly program: string;
      /** A number of the system's start: processes of another start are gone. Empty where there is none. */
      readonly boot: string;
    }
  | { readonly kind: "ended"; readonly reason: string };

export function printMark(mark: RunMark): string {
  return mark.kind === "ended" ? `ended ${mark.reason}\n` : `${mark.pid}\n${mark.program}\n${mark.boot}\n`;
}

/** Parses the file; `undefined` for anything else, an empty file included. */
export function parseMark(text: string): RunMark | undefined {
  const [, reason] = /^ended ([a-z_]{1,32})\n$/.exec(text) ?? [];
  if (reason !== undefined) return { kind: "ended", reason };
  const [, pid, program = "", boot = ""] =
    /^([1-9][0-9]{0,9})\n(\d{1,20}:\d{1,20})\n([0-9a-f-]{0,36})\n$/.exec(text) ?? [];
  return pid === undefined ? undefined : { kind: "running", pid: Number(pid), program, boot };
}

/** Reads the file at `path`; `undefined` when there is none. */
export function readMark(path: string): RunMark | undefined {
  try {
    return parseMark(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** `device:inode` of a file, links followed; `undefined` when it cannot be seen. */
export function fileIdentity(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** The system's start, as Linux numbers it; empty elsewhere. */
export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}
