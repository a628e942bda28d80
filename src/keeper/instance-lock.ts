/**
 * One keeper per data folder: a lock on `keeper.pid` that the kernel holds for this process and drops with
 * it, so that a crash leaves nothing to clean up. The file tells the next one who holds it, or held it last.
 */
import { closeSync, constants, ftruncateSync, openSync, writeSync } from "node:fs";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { type Libc, loadLibc } from "#host/libc.ts";
import { type RunMark, bootId, fileIdentity, printMark, readMark } from "#host/run-mark.ts";
import { selfProgram } from "#host/self.ts";
import { ioFault } from "#host/system-error.ts";

const F_OFD_SETLK = 37;
const F_WRLCK = 1;
const FLOCK_BYTES = 32;

export interface InstanceLock extends Disposable {
  /** What the last keeper of the folder left in the file: `running` means that it was killed. */
  readonly former: RunMark | undefined;
  /** Leaves word of why this run ends, for `wirken status`. */
  leave(reason: string): void;
}

/**
 * Takes the lock at `path` until disposed. `refused` with reason `already_running`, the holder's pid in the message.
 */
export function lockInstance(path: string, libc: Libc | undefined = loadLibc()): Result<InstanceLock, Fault> {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    return err(ioFault("the keeper's lock could not be opened", error));
  }
  const former = readMark(path);
  const holder = former?.kind === "running" ? former.pid : undefined;
  const free = libc === undefined ? holder === undefined || !lives(holder) : lock(libc, descriptor);
  if (!free) {
    closeSync(descriptor);
    const who = holder === undefined ? "" : ` (pid ${holder})`;
    return fail("refused", `wirken is running on this data folder already${who}`, {
      reason: "already_running",
      hint: "wirken status shows it; stop it first, or choose another folder with WIRKEN_DATA_DIR",
    });
  }
  const program = fileIdentity(selfProgram().command[0]) ?? "0:0";
  write(descriptor, printMark({ kind: "running", pid: process.pid, program, boot: bootId() }));
  let last = "";
  return ok({
    former,
    leave: (reason) => {
      last = printMark({ kind: "ended", reason });
    },
    [Symbol.dispose]: () => {
      write(descriptor, last);
      closeSync(descriptor);
    },
  });
}

/** The file's whole content, at once: a reader never meets a half of it. */
function write(descriptor: number, text: string): void {
  ftruncateSync(descriptor);
  if (text !== "") writeSync(descriptor, text, 0);
}

/** An open-file-description lock: it belongs to this open file, and no other close of the path drops it. */
function lock(libc: Libc, descriptor: number): boolean {
  const whole = new Uint8Array(FLOCK_BYTES); // l_whence, l_start, l_len and l_pid zero: the whole file
  new DataView(whole.buffer).setInt16(0, F_WRLCK, true);
  return libc.call("fcntl", descriptor, F_OFD_SETLK, whole).value === 0;
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch {
    return false;
  }
}
