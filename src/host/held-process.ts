/** One certain process, held by a Linux pidfd: its number may go to another one, what is signalled does not. */
import { closeSync } from "node:fs";
import type { Libc } from "./libc.ts";

export interface HeldProcess extends Disposable {
  readonly pid: number;
  /** False once it has ended and was collected. True: since it is held its number belonged to nobody else. */
  lives(): boolean;
  /** Sends a signal to it; nothing when it is gone. */
  signal(number: number): void;
}

/** Takes hold of a process until disposed; `undefined` when it is gone, or where the kernel is older than 5.3. */
export function holdProcess(libc: Libc, pid: number): HeldProcess | undefined {
  const descriptor = libc.call("pidfd_open", pid, 0).value;
  if (descriptor < 0) return undefined;
  const send = (signal: number): boolean =>
    libc.call("pidfd_send_signal", descriptor, signal, 0, 0).value === 0;
  return {
    pid,
    lives: () => send(0),
    signal: (number) => void send(number),
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}
