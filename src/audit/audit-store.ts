/**
 * The log's one writer: group commit, seals at the end of turns and on time, and the journal's reading side.
 * Spec: docs/formats/audit.md. Opened by `open-log.ts`.
 */
import type { NewRow, Row } from "#contracts/audit-event.ts";
import { type Fault, FaultError, fault } from "#contracts/fault.ts";
import { GATEWAY_LANE, LOG_LANE, type SessionId, parseSessionId } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import { holderOf } from "#chain/holder.ts";
import { type Draft, draftOf } from "./draft.ts";
import type { LogFile } from "./log-file.ts";
import type { LogMemory } from "./log-memory.ts";
import type { LogTable } from "./log-table.ts";
import type { RecoveredRanges } from "./recovered-ranges.ts";
import type { RowWriter } from "./row-writer.ts";
import type { Sealer } from "./sealer.ts";

export interface StoreParts {
  /** Looked at before each write and each signature. */
  readonly file: LogFile;
  readonly table: LogTable;
  readonly memory: LogMemory;
  readonly writer: RowWriter;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly recovered: RecoveredRanges;
  /** Told when something could not be signed; the rows stay durable and unsigned. */
  alarm(fault: Fault): void;
}

interface Waiting {
  readonly drafts: readonly Draft[];
  resolve(rows: readonly Row[]): void;
  reject(error: unknown): void;
}

/** A seal begins this far before a bound, so that rows which arrive while it is signed stay within it. */
const ROWS_BEFORE_SEAL = LIMITS.uncovered_rows_max - 100;
const MS_BEFORE_SEAL = LIMITS.uncovered_ms_max - 60_000;
/** Rows outside a turn (a delivery, a refused approval) wait this long for others to share their head. */
const IDLE_MS = 250;

export class AuditStore implements Journal {
  readonly #parts: StoreParts;
  readonly #listeners = new Set<(rows: readonly Row[]) => void>();
  #waiting: Waiting[] = [];
  #scheduled = false;
  /** A checkpoint is being signed: it covers exactly the rows before it, so nothing else may be written. */
  #held = false;
  #sealing: Promise<void> = Promise.resolve();
  #sealRequested = false;
  #lastCheckpointMs = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;
  #cancelIdle: (() => void) | undefined;
  #cancelCheckpoint: (() => void) | undefined;
  #ended = false;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /** 32 hex digits. */
  get logId(): string {
    return this.#parts.memory.logIdHex;
  }
  /** Rows of the log. */
  get size(): number {
    return this.#parts.memory.size;
  }

  append(rows: readonly [NewRow, ...NewRow[]]): Promise<readonly Row[]> {
    if (this.#ended) return Promise.reject(new FaultError(fault("unavailable", "the audit log is closed")));
    const begins = rows.some(({ kind }) => kind === "started");
    const written = new Promise<readonly Row[]>((resolve, reject) => {
      this.#waiting.push({ drafts: rows.map((row) => draftOf(row)), resolve, reject });
      this.#schedule();
    });
    // The rows of a new run are attested before it does anything: rows after `stopped` without a checkpoint
    // are foreign.
    return begins
      ? written.then((done) => this.#seal([GATEWAY_LANE], "start", true).then(() => done))
      : written;
  }

  readSession(session: SessionId, fromSeq = 0): readonly Row[] {
    return this.#parts.table.readSession(session, fromSeq);
  }

  readAfter(afterId: number, limit: number): readonly Row[] {
    return this.#parts.table.readAfter(afterId, limit);
  }

  sessions(): readonly SessionId[] {
    return this.#parts.table.sessions();
  }

  /** Never rejects: what could not be signed is an alarm, and is tried again with the next seal. */
  sealTurn(session: SessionId, reason: string): Promise<void> {
    return this.#seal([session], reason, false);
  }

  subscribe(listener: (rows: readonly Row[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The newest conversation or person id of ours for a platform's id of an instance. */
  find(table: "conversations" | "persons", instance: string, platformId: string): string | undefined {
    return this.#parts.writer.identities.find(table, instance, platformId);
  }

  /** False for a row that was found unattested at a start: a grant or approval in it has no force. */
  hasForce(row: Row): boolean {
    return !this.#parts.recovered.has(row);
  }

  /** Brings an agent's key into the log before its first head. */
  announceAgent(agent: string): Promise<Result<void, Fault>> {
    return this.#exclusive(() => this.#bringKey(`agent:${agent}`));
  }

  /**
   * Seals everything, writes `row` (kind `stopped`) as the last row of the run, seals it and closes the
   * log. Resolves to whether a checkpoint covers all of it.
   */
  async stop(row: NewRow): Promise<boolean> {
    const others = (id: SessionId): boolean => id !== GATEWAY_LANE && id !== LOG_LANE;
    await this.#seal(this.#openSessions().filter(others), "stop", false);
    const last = this.append([row]);
    this.#ended = true;
    await last;
    await this.#seal([GATEWAY_LANE, LOG_LANE], "stop", true);
    const sealed = this.#parts.memory.contentSinceCheckpoint === 0;
    this.close();
    return sealed;
  }

  /** Closes the file without a word in the log: what is not sealed is found at the next start. */
  close(): void {
    this.#ended = true;
    this.#cancelTimer?.();
    this.#cancelIdle?.();
    this.#cancelCheckpoint?.();
    this.#parts.table.database.close();
  }

  /** Writes a row of the log's own at once, in front of what waits. For the sealer, through `open-log.ts`. */
  writeNow(row: NewRow, tsMs?: number): void {
    this.#parts.file.check();
    this.#publish(this.#parts.writer.write([draftOf(row, tsMs)]).all);
  }

  #schedule(): void {
    if (this.#scheduled || this.#held) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  /** One transaction for all appends that wait. */
  #flush(): void {
    if (this.#held || this.#waiting.length === 0) return;
    const group = this.#waiting;
    this.#waiting = [];
    try {
      this.#parts.file.check();
      const { rows, all } = this.#parts.writer.write(group.flatMap(({ drafts }) => drafts));
      let at = 0;
      for (const { drafts, resolve } of group) {
        resolve(rows.slice(at, at + drafts.length));
        at += drafts.length;
      }
      this.#publish(all);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
    this.#armSeals();
  }

  #publish(rows: readonly Row[]): void {
    for (const listener of this.#listeners) listener(rows);
  }

  #armSeals(): void {
    const { memory, clock } = this.#parts;
    if (this.#ended || memory.openRows === 0) return;
    if (memory.openRows >= ROWS_BEFORE_SEAL && !this.#sealRequested) {
      this.#sealRequested = true;
      void this.#seal(undefined, "rows", true).finally(() => {
        this.#sealRequested = false;
      });
    }
    if (memory.idleSessions().length > 0) {
      this.#cancelIdle ??= clock.after(IDLE_MS, () => {
        this.#cancelIdle = undefined;
        if (!this.#ended) void this.#seal(sessionIds(memory.idleSessions()), "idle", false);
      });
    }
    this.#cancelTimer ??= clock.after(MS_BEFORE_SEAL, () => {
      this.#cancelTimer = undefined;
      void this.#seal(undefined, "interval", true).then(() => this.#armSeals());
    });
  }

  #openSessions(): SessionId[] {
    return sessionIds(this.#parts.memory.openSessions());
  }

  /** Heads over `sessions` (all open ones when undefined), then a checkpoint where one is due. */
  #seal(sessions: readonly SessionId[] | undefined, reason: string, checkpointNow: boolean): Promise<void> {
    return this.#exclusive(async () => {
      this.#flush();
      if (!this.#isInPlace()) return; // a head over rows that are gone would attest what nobody can check
      for (const session of sessions ?? this.#openSessions()) {
        const key = await this.#bringKey(holderOf(session));
        const sealed = key.ok ? await this.#parts.sealer.head(session, reason) : key;
        if (!sealed.ok) this.#parts.alarm(sealed.error);
      }
      await this.#checkpointIfDue(checkpointNow);
    });
  }

  /**
   * A new key stands under a checkpoint before it signs: found unattested after a crash it would have no
   * force.
   */
  async #bringKey(holder: string): Promise<Result<void, Fault>> {
    const key = await this.#parts.sealer.bringKey(holder);
    if (!key.ok) return key;
    if (key.value === "written") await this.#checkpointIfDue(true);
    return ok(undefined);
  }

  /** False once the record's file is no longer at its path; whoever opened the log was told. */
  #isInPlace(): boolean {
    try {
      this.#parts.file.check();
      return true;
    } catch (error) {
      if (error instanceof FaultError) return false;
      throw error;
    }
  }

  /** Runs one seal after the other. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#sealing.then(work);
    this.#sealing = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  async #checkpointIfDue(now: boolean): Promise<void> {
    const { memory, clock } = this.#parts;
    if (memory.contentSinceCheckpoint === 0 || !this.#isInPlace()) return;
    const wait = this.#lastCheckpointMs + LIMITS.checkpoint_interval_ms_min - clock.monotonic();
    if (wait > 0 && !now) {
      this.#cancelCheckpoint ??= clock.after(wait, () => {
        this.#cancelCheckpoint = undefined;
        if (!this.#ended) void this.#exclusive(() => this.#checkpointIfDue(false));
      });
      return;
    }
    this.#held = true;
    try {
      const signed = await this.#parts.sealer.checkpoint();
      if (!signed.ok) this.#parts.alarm(signed.error);
      this.#lastCheckpointMs = clock.monotonic();
    } finally {
      this.#held = false;
      this.#schedule();
    }
  }
}

function sessionIds(ids: readonly string[]): SessionId[] {
  return ids.flatMap((id) => {
    const session = parseSessionId(id);
    return session.ok ? [session.value] : [];
  });
}
