/**
 * Keeps one role running: starts it when it may start, starts it again after its end with a growing wait (1
 * s doubling to 60 s with jitter, over again after 60 s of health), stops it when told. An end that a person must
 * answer is its last. Reports every change of state.
 */
import type { Fault } from "#contracts/fault.ts";
import type { RoleState } from "#contracts/keeper-link.ts";
import { LIMITS } from "#contracts/limits.ts";
import { ROLE_ENDS, type RoleEndName, endNamed, endOf } from "#contracts/role-end.ts";
import type { Result } from "#contracts/result.ts";
import type { ExitStatus } from "#host/spawn.ts";
import { type Backoff, backoff } from "#runtime/backoff.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";

/** A process of ours that runs. */
export interface RoleProcess {
  readonly pid: number;
  readonly exited: Promise<ExitStatus>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

export interface SupervisorOptions {
  /** Resolves when the role may start; rejects never. Asked before each start. */
  readonly mayStart: (signal: AbortSignal) => Promise<void>;
  readonly start: () => Promise<Result<RoleProcess, Fault>>;
  /** Asks the process to end by itself. */
  readonly ask: (process: RoleProcess) => void;
  readonly onState: (change: StateChange) => void;
  readonly onFault: (fault: Fault) => void;
  readonly clock: Clock;
  readonly random: Random;
}

export interface StateChange {
  readonly state: RoleState;
  /** 0 when no process runs. */
  readonly pid: number;
  /** Unix milliseconds. */
  readonly sinceMs: number;
  /** Exit code of the last end, −1 for a signal or a start that failed, −2 when it never ended. */
  readonly exitCode: number;
  /** Starts after the first one. */
  readonly restarts: number;
  /** What the last end meant, where its exit code says so: the state `failed` always has one. */
  readonly end: RoleEndName | undefined;
}

const NEVER_ENDED = -2;
const NO_CODE = -1;

export class Supervisor {
  readonly #options: SupervisorOptions;
  /** Of the present run; aborted by `stop`: nothing is started or waited for any longer. */
  #run: AbortController | undefined;
  /** Aborted to end the wait between two starts, also by a restart. */
  #hurry = new AbortController();
  #process: RoleProcess | undefined;
  #loop: Promise<void> = Promise.resolve();
  #again = false;
  #excused = false;
  #exitCode = NEVER_ENDED;
  #starts = 0;
  #last: StateChange;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#last = {
      state: "stopped",
      pid: 0,
      sinceMs: options.clock.now(),
      exitCode: NEVER_ENDED,
      restarts: 0,
      end: undefined,
    };
  }

  get last(): StateChange {
    return this.#last;
  }

  /** Starts keeping the role running. Nothing when it is kept already. */
  run(): void {
    if (this.#run !== undefined) return;
    const run = new AbortController();
    this.#run = run;
    const before = this.#loop;
    this.#loop = before.then(() => this.#keep(run.signal));
  }

  /** Ends the process and starts it again at once, which reads its secrets afresh. */
  restart(graceMs: number): void {
    if (this.#run === undefined) return this.run();
    this.#again = true;
    this.#hurry.abort();
    if (this.#process !== undefined) this.#end(this.#process, graceMs);
  }

  /**
   * Its end, of just now or to come, follows from the end of another role: the growing wait is for failures of its
   * own, and this is none.
   */
  excuse(): void {
    this.#excused = true;
    this.#hurry.abort();
  }

  /** Asks the process to end, kills it after `graceMs`, and resolves when it is gone and stays gone. */
  async stop(graceMs: number): Promise<void> {
    this.#run?.abort();
    this.#run = undefined;
    this.#hurry.abort();
    if (this.#process !== undefined) this.#end(this.#process, graceMs);
    await this.#loop;
  }

  /** Lets the process go on, but starts no other after it: the whole program is stopping. */
  retire(): void {
    this.#run?.abort();
    this.#hurry.abort();
  }

  /** Kills the process now; it is started again unless it was stopped. */
  kill(): void {
    this.#process?.kill("SIGKILL");
  }

  #end(process: RoleProcess, graceMs: number): void {
    this.#options.ask(process);
    const cancel = this.#options.clock.after(graceMs, () => process.kill("SIGKILL"));
    void process.exited.then(cancel);
  }

  async #keep(stop: AbortSignal): Promise<void> {
    const { clock, random, mayStart } = this.#options;
    const wait = backoff(random, LIMITS.restart_ms_min, LIMITS.restart_ms_max);
    while (!stop.aborted) {
      this.#hurry = new AbortController();
      this.#again = false;
      await mayStart(stop);
      if (stop.aborted) break;
      const begun = clock.monotonic();
      await this.#once(stop);
      if (stop.aborted) break;
      const end = endOf(this.#exitCode);
      if (end !== undefined && ROLE_ENDS[end].needsPerson) {
        this.#run = undefined;
        return this.#report("failed", 0);
      }
      if (clock.monotonic() - begun >= LIMITS.healthy_ms) wait.reset();
      await this.#pause(begun, wait, stop);
    }
    this.#report("stopped", 0);
  }

  /** Between two starts. A restart cuts the growing wait short, but nobody gets more than one start a second. */
  async #pause(begunMs: number, wait: Backoff, stop: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    if (!this.#again && !this.#excused) {
      this.#report(endOf(this.#exitCode) === undefined ? "backoff" : "failed", 0);
      await clock.sleep(wait.next(), this.#hurry.signal).catch(() => undefined);
    }
    this.#excused = false;
    const rest = LIMITS.restart_ms_min - (clock.monotonic() - begunMs);
    if (rest > 0 && !stop.aborted) await clock.sleep(rest, stop).catch(() => undefined);
  }

  /** One life of the process. */
  async #once(stop: AbortSignal): Promise<void> {
    this.#starts += 1;
    this.#report("starting", 0);
    const started = await this.#options.start();
    if (!started.ok) {
      const end = endNamed(started.error.reason);
      this.#exitCode = end === undefined ? NO_CODE : ROLE_ENDS[end].exit;
      if (end === undefined) this.#options.onFault(started.error);
      this.#report("exited", 0);
      return;
    }
    const process = started.value;
    this.#process = process;
    this.#report("running", process.pid);
    // Told to end while it was being started.
    if (stop.aborted || this.#again) this.#end(process, LIMITS.restart_ms_min);
    const status = await process.exited;
    this.#process = undefined;
    this.#exitCode = status.code ?? NO_CODE;
    this.#report("exited", 0);
  }

  #report(state: RoleState, pid: number): void {
    const restarts = Math.max(0, this.#starts - 1);
    const exitCode = this.#exitCode;
    this.#last = { state, pid, sinceMs: this.#options.clock.now(), exitCode, restarts, end: endOf(exitCode) };
    this.#options.onState(this.#last);
  }
}
