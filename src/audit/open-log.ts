/**
 * Opens the log for writing: begins a new one, or reads the old one back, compares it with the signer's
 * memory and signs
 * what a crash left behind (docs/formats/audit.md, "Signer"). Everything that does not fit stops the start.
 */
import { existsSync } from "node:fs";
import type { Row } from "#contracts/audit-event.ts";
import { type Fault, FaultError, fail } from "#contracts/fault.ts";
import { LOG_LANE, parseSessionId } from "#contracts/ids.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { type Database, openDatabase } from "#host/sqlite.ts";
import { toHex } from "#chain/bytes.ts";
import type { Crypto } from "#chain/crypto.ts";
import type { HeadSigner, SignerState } from "#chain/head-signer.ts";
import { Frontier, emptyRoot } from "#chain/tree.ts";
import { archiveLog } from "./log-archive.ts";
import { AuditStore } from "./audit-store.ts";
import { KeyBook } from "./key-book.ts";
import { LogFile } from "./log-file.ts";
import { LogMemory } from "./log-memory.ts";
import { type LogOrigin, createSchema, hasLog, readOrigin } from "./log-origin.ts";
import { LogTable } from "./log-table.ts";
import { type Tail, readKeys, readTail } from "./log-tail.ts";
import { RecoveredRanges } from "./recovered-ranges.ts";
import { RowWriter } from "./row-writer.ts";
import { Sealer } from "./sealer.ts";

export interface LogOptions {
  /** `audit/audit.db`. */
  readonly path: string;
  /** `audit/archive`. */
  readonly archiveFolder: string;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly signer: HeadSigner;
  /** No vault keeps the keys: every run begins a new log and puts the one before into the archive. */
  readonly keysLiveForOneRun: boolean;
  /** The operator accepted the rows after `stopped` on the terminal. */
  readonly acceptTail: boolean;
  /** The operator accepted the log as the signer's state on the terminal. */
  readonly acceptState: boolean;
  alarm(fault: Fault): void;
  /** Told once when the file was deleted or replaced while it was open: nothing can be written any more. */
  onLost(fault: Fault): void;
  /** A holder's keys, oldest first, whenever they change: `log.pub`, `agents/<id>/identity.pub`. */
  publishKeys(holder: string, keys: readonly string[]): void;
}

const LOG_ID_BYTES = 16;

/** Opens the log and returns its writer. */
export async function openLog(options: LogOptions): Promise<Result<AuditStore, Fault>> {
  try {
    if (!existsSync(options.path)) return await begin(options);
    const database = openDatabase(options.path);
    const origin = hasLog(database) ? readOrigin(database) : ok(undefined);
    if (!origin.ok) return origin;
    const goesOn = origin.value === undefined ? ok(false) : await isOfThisRun(options, origin.value);
    if (!goesOn.ok) {
      database.close();
      return goesOn;
    }
    if (origin.value !== undefined && goesOn.value) {
      const resumed = await resume(options, database, origin.value);
      if (!resumed.ok) database.close();
      return resumed;
    }
    database.close();
    if (origin.value === undefined) return await begin(options);
    const archived = archiveLog(options.path, options.archiveFolder, toHex(origin.value.logId));
    return archived.ok ? await begin(options) : archived;
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault);
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    return fail("io", "the audit log cannot be opened", { hint: "check the data folder's space and rights" });
  }
}

/**
 * Keys that live for one run sign one log: the one that the signer remembers. A gateway that is started again within
 * the run goes on with it; the log of an earlier run is unknown to the signer and makes room.
 */
async function isOfThisRun(options: LogOptions, origin: LogOrigin): Promise<Result<boolean, Fault>> {
  if (!options.keysLiveForOneRun) return ok(true);
  const state = await options.signer.state({ logId: toHex(origin.logId), session: "" });
  return state.ok ? ok(state.value.memory === "ready") : state;
}

/**
 * The signer binds itself to the new log before its file is there, so a start that is cut off can be made
 * again.
 */
async function begin(options: LogOptions): Promise<Result<AuditStore, Fault>> {
  const logId = options.random.bytes(LOG_ID_BYTES);
  const log_id = toHex(logId);
  const state = await beginningState(options, log_id);
  if (!state.ok) return state;
  const { logKey, forgotten } = state.value;
  const database = openDatabase(options.path);
  if (!hasLog(database)) createSchema(database);
  const memory = new LogMemory(options.crypto, logId, new Frontier(options.crypto), 0);
  const keys = new KeyBook(options.crypto, logId);
  const { store, sealer } = assemble(options, new LogTable(database), memory, keys, new RecoveredRanges());
  const payload = { log_id, log_key: logKey };
  store.writeNow({ session: LOG_LANE, kind: "log_created", trust: "system", payload });
  const key = await sealer.bringKey("log");
  if (!key.ok) return key;
  if (forgotten) {
    const accepted = { what: "state", rows: 0, size: 0 };
    store.writeNow({ session: LOG_LANE, kind: "accepted", trust: "system", payload: accepted });
  }
  const signed = await sealer.checkpoint();
  return signed.ok ? ok(store) : signed;
}

/**
 * A signer that remembers another log lets a new one begin only when the operator accepted on the terminal that the
 * file is gone: the state "no rows". `forgotten`: that is what happened.
 */
async function beginningState(
  options: LogOptions,
  logId: string,
): Promise<Result<{ readonly logKey: string; readonly forgotten: boolean }, Fault>> {
  const state = await options.signer.state({ logId, session: "" });
  if (!state.ok) return state;
  const { logKey, memory } = state.value;
  if (memory === "fresh") return ok({ logKey, forgotten: false });
  if (!options.acceptState) return stateMissing();
  const root = toHex(emptyRoot(options.crypto));
  const accepted = await options.signer.acceptState({ logId, size: 0, root, sessions: [] });
  return accepted.ok ? ok({ logKey, forgotten: true }) : accepted;
}

async function resume(
  options: LogOptions,
  database: Database,
  origin: LogOrigin,
): Promise<Result<AuditStore, Fault>> {
  const table = new LogTable(database);
  const recovered = RecoveredRanges.read(table);
  const keys = new KeyBook(options.crypto, origin.logId);
  const read = readKeys(table, keys, recovered);
  if (!read.ok) return read;
  const tail = readTail(table, options.crypto, origin, keys);
  if (!tail.ok) return tail;
  if (tail.value.afterStop && !options.acceptTail) {
    return fail("refused", "rows stand after the log's last `stopped` row", {
      reason: "tail_after_stop",
      hint: "look at them with `wirken audit log`, then run `wirken audit accept-tail`",
    });
  }
  const agreed = await agreeWithSigner(options, tail.value, table);
  if (!agreed.ok) return agreed;
  const { store, sealer } = assemble(options, table, tail.value.memory, keys, recovered);
  const sealed = await recover(sealer, tail.value, table, keys, recovered);
  if (!sealed.ok) return sealed;
  if (tail.value.afterStop || options.acceptState) {
    const what = tail.value.afterStop ? "tail" : "state";
    const payload = { what, rows: tail.value.unattested.length, size: tail.value.memory.size };
    store.writeNow({ session: LOG_LANE, kind: "accepted", trust: "system", payload });
  }
  if (tail.value.memory.contentSinceCheckpoint === 0 && tail.value.unattested.length === 0) return ok(store);
  const signed = await sealer.checkpoint();
  return signed.ok ? ok(store) : signed;
}

/**
 * Signs what was found. The log's lane comes first: from then on a key row that was found unattested has no force, and
 * `bringKey` writes it again before the key signs.
 */
async function recover(
  sealer: Sealer,
  tail: Tail,
  table: LogTable,
  keys: KeyBook,
  recovered: RecoveredRanges,
): Promise<Result<void, Fault>> {
  const { memory } = tail;
  if (memory.session(LOG_LANE).openContent > 0) {
    const sealed = await sealer.head(LOG_LANE, "recovered");
    if (!sealed.ok) return sealed;
    recovered.load(table);
    keys.clear();
    const read = readKeys(table, keys, recovered);
    if (!read.ok) return read;
  }
  for (const id of memory.openSessions()) {
    const session = parseSessionId(id);
    if (!session.ok) return fail("damaged", "the log holds a session that is none");
    if (id === LOG_LANE || memory.session(id).openContent === 0) continue;
    const sealed = await sealer.head(session.value, "recovered");
    if (!sealed.ok) return sealed;
  }
  recovered.load(table);
  return ok(undefined);
}

/** The signer must remember a tree that this log continues: neither more rows than it, nor another past. */
async function agreeWithSigner(
  options: LogOptions,
  tail: Tail,
  table: LogTable,
): Promise<Result<void, Fault>> {
  const { memory } = tail;
  const state = await options.signer.state({ logId: memory.logIdHex, session: "" });
  if (!state.ok) return state;
  if (options.acceptState) return acceptState(options, memory, table);
  if (state.value.memory === "missing") return stateMissing();
  if (state.value.size > memory.size) {
    return fail("refused", "the log is shorter than what the signer has signed: it was cut back", {
      reason: "rollback",
      hint: "restore the newer log, or run `wirken audit accept-state` to go on with this one",
    });
  }
  if (state.value.size < tail.checkpointSize || !sameTree(memory, state.value)) return stateMissing();
  return ok(undefined);
}

function sameTree(memory: LogMemory, state: SignerState): boolean {
  const root = memory.rebase(state.size);
  return root !== undefined && toHex(root) === state.root;
}

async function acceptState(
  options: LogOptions,
  memory: LogMemory,
  table: LogTable,
): Promise<Result<void, Fault>> {
  const sessions = table.sessions().flatMap((session) => {
    const end = memory.session(session);
    if (end.coveredEnd < 0) return [];
    return [{ session, seqEnd: end.coveredEnd, headHash: end.lastHeadHash }];
  });
  const accepted = await options.signer.acceptState({
    logId: memory.logIdHex,
    size: memory.size,
    root: toHex(memory.root),
    sessions,
  });
  if (!accepted.ok) return accepted;
  memory.rebase(memory.size);
  return ok(undefined);
}

function assemble(
  options: LogOptions,
  table: LogTable,
  memory: LogMemory,
  keys: KeyBook,
  recovered: RecoveredRanges,
): { store: AuditStore; sealer: Sealer } {
  const { crypto, clock, random, signer } = options;
  const writer = new RowWriter({ table, memory, crypto, clock, random });
  const late: { store: AuditStore | undefined } = { store: undefined }; // store and sealer know each other
  const sealer = new Sealer({
    crypto,
    signer,
    memory,
    keys,
    write: (row, tsMs) => late.store?.writeNow(row, tsMs),
    readSession: (session, fromSeq): readonly Row[] => table.readSession(session, fromSeq),
    published: (holder, list) => options.publishKeys(holder, list),
  });
  const alarm = (fault: Fault): void => options.alarm(fault);
  const file = new LogFile(options.path, ({ fault }) => options.onLost(fault));
  const store = new AuditStore({ file, table, memory, writer, sealer, clock, recovered, alarm });
  late.store = store;
  return { store, sealer };
}

function stateMissing(): Result<never, Fault> {
  return fail("refused", "the signer does not remember this log, or remembers less than it holds", {
    reason: "state_missing",
    hint: "look at the log with `wirken audit verify`, then run `wirken audit accept-state`",
  });
}
