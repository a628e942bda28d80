/**
 * One keeper per data folder: a lock on `keeper.pid` that the kernel holds for this process and drops with
 * it, so that a crash leaves nothing to clean up. The file tells the next one who holds it.
 */
import { closeSync, constants, ftruncateSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { writeFully } from "#host/files.ts";
import { type Libc, loadLibc } from "#host/libc.ts";
import { ioFault } from "#host/system-error.ts";

const F_OFD_SETLK = 37;
const F_WRLCK = 1;
const FLOCK_BYTES = 32;

/**
 * Takes the lock until disposed. `refused` with reason `already_running`, the holder's pid in the message.
 */
export function lockInstance(root: string, libc: Libc | undefined = loadLibc()): Result<Disposable, Fault> {
  const path = join(root, "keeper.pid");
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    return err(ioFault("the keeper's lock could not be opened", error));
  }
  const holder = holderOf(path);
  const free = libc === undefined ? holder === undefined || !lives(holder) : lock(libc, descriptor);
  if (!free) {
    closeSync(descriptor);
    const who = holder === undefined ? "" : ` (pid ${holder})`;
    return fail("refused", `wirken is running on this data folder already${who}`, {
      reason: "already_running",
      hint: "wirken status shows it; stop it first, or choose another folder with WIRKEN_DATA_DIR",
    });
  }
  ftruncateSync(descriptor);
  writeFully(descriptor, new TextEncoder().encode(`${process.pid}\n`));
  return ok({
    [Symbol.dispose]: () => {
      ftruncateSync(descriptor);
      closeSync(descriptor);
    },
  });
}

/** An open-file-description lock: it belongs to this open file, and no other close of the path drops it. */
function lock(libc: Libc, descriptor: number): boolean {
  const whole = new Uint8Array(FLOCK_BYTES); // l_whence, l_start, l_len and l_pid zero: the whole file
  new DataView(whole.buffer).setInt16(0, F_WRLCK, true);
  return libc.call("fcntl", descriptor, F_OFD_SETLK, whole).value === 0;
}

function holderOf(path: string): number | undefined {
  const text = readFileSync(path, "utf8").trim();
  return /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : undefined;
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch {
    return false;
  }
}
