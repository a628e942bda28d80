/** What every command is given: places, streams, time, chance, and a way to the running program. */
import type { Fault } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";
import type { Environment } from "#host/env.ts";
import type { DataPaths } from "#host/paths.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import type { ControlClient } from "./client.ts";
import type { Output } from "./output.ts";
import type { Terminal } from "./terminal.ts";

export interface Context {
  readonly environment: Environment;
  readonly paths: DataPaths;
  readonly out: Output;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  /** Connects to the running program, or fails with `unavailable` and what to do. */
  readonly connect: () => Promise<Result<ControlClient, Fault>>;
}
