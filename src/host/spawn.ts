/**
 * The only home of `Bun.spawn`. A child gets an environment built from nothing, explicit streams and exactly the
 * descriptors it is given (docs/ARCHITECTURE.md).
 */
import type { Fault } from "#contracts/fault.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { firstWordFor } from "./self.ts";
import { ioFault } from "./system-error.ts";

export interface SpawnOptions {
  readonly argv: readonly [string, ...string[]];
  /** The whole environment of the child; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** `pipe`: written through `Child.input`. Default `none`: the child reads end of file. */
  /** A number: our descriptor that becomes the child's 0; still ours to close afterwards. */
  readonly stdin?: "none" | "pipe" | number;
  readonly stdout?: "none" | "inherit" | "pipe";
  readonly stderr?: "none" | "inherit" | "pipe";
  /** Our descriptors that become the child's 3, 4, …; still ours to close afterwards. */
  readonly extraFds?: readonly number[];
}

export interface ExitStatus {
  /** Exit code, or `undefined` when a signal ended the child. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** A running child. Disposing kills it. */
export interface Child extends Disposable {
  readonly pid: number;
  readonly exited: Promise<ExitStatus>;
  /** True until the child has ended. */
  running(): boolean;
  /** Sends a signal (default SIGTERM) to the child alone. */
  kill(signal?: NodeJS.Signals): void;
  /** Writes to the child's stdin and waits for the system to take the bytes; false when the pipe is seen closed. */
  write(bytes: Uint8Array): Promise<boolean>;
  /** Ends the child's stdin. */
  endInput(): Promise<void>;
  /** Present for `stdout: "pipe"`. */
  readonly stdout: ReadableStream<Uint8Array> | undefined;
  readonly stderr: ReadableStream<Uint8Array> | undefined;
}

const STREAM = { none: "ignore", inherit: "inherit", pipe: "pipe" } as const;

/** Starts a program. Fails with `io` when the system refuses (no such file, not executable, no more processes). */
export function spawnChild(options: SpawnOptions): Result<Child, Fault> {
  let child: Bun.Subprocess;
  try {
    child = Bun.spawn([...options.argv], {
      argv0: firstWordFor(options.argv[0]),
      env: { ...options.env },
      cwd: options.cwd,
      stdio: [
        typeof options.stdin === "number" ? options.stdin : STREAM[options.stdin ?? "none"],
        STREAM[options.stdout ?? "none"],
        STREAM[options.stderr ?? "none"],
        ...(options.extraFds ?? []),
      ],
    });
  } catch (error) {
    return err(ioFault("a program could not be started", error));
  }
  return ok(wrap(child));
}

function wrap(child: Bun.Subprocess): Child {
  const input = child.stdin;
  const sink = typeof input === "object" && input !== null ? input : undefined;
  return {
    pid: child.pid,
    exited: child.exited.then(() => statusOf(child)),
    running: () => child.exitCode === null && child.signalCode === null,
    kill: (signal = "SIGTERM") => child.kill(signal),
    write: async (bytes) => {
      if (sink === undefined) return false;
      try {
        await sink.write(bytes);
        await sink.flush();
        return true;
      } catch {
        return false; // the child closed its end; its exit tells why
      }
    },
    endInput: async () => {
      try {
        await sink?.end();
      } catch {
        return; // already closed by the child
      }
    },
    stdout: child.stdout instanceof ReadableStream ? child.stdout : undefined,
    stderr: child.stderr instanceof ReadableStream ? child.stderr : undefined,
    [Symbol.dispose]: () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    },
  };
}

function statusOf(child: Bun.Subprocess): ExitStatus {
  const signal = child.signalCode;
  if (signal !== null) return { code: undefined, signal: String(signal) };
  return { code: child.exitCode ?? undefined, signal: undefined };
}
