/** `wirken audit verify`: the verdict on a log file (docs/formats/audit.md, "Commands"). */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";
import { fromHex } from "#chain/bytes.ts";
import type { Crypto } from "#chain/crypto.ts";
import { type SignedCheckpoint, isSignedBy, originOf, parseCheckpoint } from "#chain/note.ts";
import { LogVerifier } from "#chain/verify/log-verifier.ts";
import type { Report } from "#chain/verify/report.ts";
import type { TreeAnchor } from "#chain/verify/tree-judge.ts";
import { readLog } from "./log-reader.ts";

/** Something kept outside of the log that it must agree with. */
export type Anchor =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "checkpoint"; readonly checkpoint: SignedCheckpoint };

export interface VerifyOptions {
  readonly anchors: readonly Anchor[];
  /** Published keys by holder, as `log.pub` and `agents/<id>/identity.pub` hold them. */
  readonly published: readonly { readonly holder: string; readonly key: string }[];
  /** The signer's memory on this machine, where it can be read. */
  readonly signerState: TreeAnchor | undefined;
}

export interface Verdict {
  readonly report: Report;
  /** Rows that were found unattested at a start: durable, without force. */
  readonly recovered: number;
  /** Rows that wait for their head. */
  readonly uncovered: number;
  /** One sentence: what a verdict at this level does not show. */
  readonly limit: string;
}

/** What a verdict does not show, by level. Verify, status and console say it beside the level. */
export const LEVEL_LIMITS = {
  0: "the file alone: that the whole log was cut back to an earlier checkpoint would not be seen",
  1: "with this machine's signer: that the log and the signer's memory were both put back to an earlier copy would not be seen",
  2: "with a checkpoint kept elsewhere: a rewrite by a holder of the keys after that checkpoint would not be seen",
} as const;

/** Reads `--anchor`: 64 hex digits are a public key, anything else must be the text of a checkpoint. */
export function parseAnchor(text: string): Result<Anchor, Fault> {
  const key = text.trim();
  if (fromHex(key, 32) !== undefined) return ok({ kind: "key", key });
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.ok) return ok({ kind: "checkpoint", checkpoint: checkpoint.value });
  return fail("usage", "an anchor is a public key of 64 hex digits or a checkpoint file");
}

/**
 * Verifies the log at `path`. A fault means that it cannot be read (exit 2); a verdict may be "not intact"
 * (exit 1).
 */
export function verifyLog(path: string, options: VerifyOptions, crypto: Crypto): Result<Verdict, Fault> {
  return readLog(path, (log) => {
    const checkpoints = options.anchors.flatMap((anchor) =>
      anchor.kind === "checkpoint" ? [anchor.checkpoint] : [],
    );
    const signer = options.signerState === undefined ? [] : [options.signerState];
    const verifier = new LogVerifier(crypto, [...checkpoints, ...signer]);
    log.eachRow((values) => verifier.row(values));
    verifier.finish({ sequence: log.sequence(), indexed: log.identities() });
    checkKeys(verifier, options);
    for (const checkpoint of checkpoints) checkAnchor(verifier, checkpoint, crypto);
    return verdictOf(verifier, options, checkpoints.length > 0);
  });
}

/**
 * Verifies a log that may be in use: rows whose signature is under way are looked at once more after a
 * moment.
 * Only a verdict whose every problem is `unsigned_tail` is asked again.
 */
export async function verifySettled(
  path: string,
  options: VerifyOptions,
  crypto: Crypto,
  clock: Clock,
): Promise<Result<Verdict, Fault>> {
  const first = verifyLog(path, options, crypto);
  if (!first.ok || first.value.report.ok) return first;
  if (first.value.report.problems.some(({ reason }) => reason !== "unsigned_tail")) return first;
  await clock.sleep(SETTLE_MS);
  return verifyLog(path, options, crypto);
}

/** Longer than a checkpoint may wait for the one before it. */
const SETTLE_MS = 1_500;

function checkKeys(verifier: LogVerifier, options: VerifyOptions): void {
  const keys = verifier.keys.list();
  const place = { session: "_log", seq: 0, id: 1 };
  for (const anchor of options.anchors) {
    if (anchor.kind !== "key" || keys.some(({ holder, key }) => holder === "log" && key === anchor.key))
      continue;
    verifier.problems.add(place, "unknown_key", "the anchored key is not among the log's keys");
  }
  for (const { holder, key } of options.published) {
    if (verifier.keys.has(holder, key)) continue;
    verifier.problems.add(place, "unknown_key", `a published key of ${holder} is not among the log's keys`);
  }
}

/**
 * An anchor of another log, or one that no key of this log signed, says nothing about it: that is a problem
 * too.
 */
function checkAnchor(verifier: LogVerifier, checkpoint: SignedCheckpoint, crypto: Crypto): void {
  const place = { session: "_log", seq: 0, id: 1 };
  const origin = originOf(verifier.logIdHex);
  if (checkpoint.origin !== origin && !checkpoint.origin.startsWith(`${origin}/`)) {
    verifier.problems.add(place, "rollback", "the anchor is a checkpoint of another log");
    return;
  }
  const keys = verifier.keys.list().filter(({ holder }) => holder === "log");
  const signed = keys.some(({ key }) => {
    const bytes = fromHex(key, 32);
    return bytes !== undefined && isSignedBy(crypto, checkpoint, bytes);
  });
  if (!signed) verifier.problems.add(place, "unknown_key", "no key of this log signed the anchor");
}

function verdictOf(verifier: LogVerifier, options: VerifyOptions, anchoredTree: boolean): Verdict {
  const level = anchoredTree ? 2 : options.signerState === undefined ? 0 : 1;
  const { none } = verifier.problems;
  const report: Report = {
    ok: none,
    level,
    anchored: options.anchors.length > 0,
    rows: verifier.rows,
    sessions: verifier.sessions.count,
    heads: verifier.heads,
    checkpoints: verifier.checkpoints,
    keys: verifier.keys.list(),
    problems: verifier.problems.list(),
  };
  return { report, recovered: verifier.recovered, uncovered: verifier.uncovered, limit: LEVEL_LIMITS[level] };
}

/** The text of the newest checkpoint, to be kept elsewhere as an anchor. */
export function newestCheckpoint(path: string): Result<string, Fault> {
  const read = readLog(path, (log) => {
    const sql = "SELECT payload FROM session_events WHERE kind = 'checkpoint' ORDER BY id DESC LIMIT 1";
    const value = log.database.query(sql).values()[0]?.[0];
    return typeof value === "string" ? value : undefined;
  });
  if (!read.ok) return read;
  if (read.value === undefined) return fail("not_found", "the log has no checkpoint yet");
  const payload: unknown = JSON.parse(read.value);
  const note =
    typeof payload === "object" && payload !== null && "note" in payload ? payload.note : undefined;
  return typeof note === "string" ? ok(note) : fail("damaged", "the newest checkpoint does not parse");
}

/** A tree anchor from what the signer says it signed last. */
export function signerAnchor(state: {
  readonly size: number;
  readonly root: string;
}): TreeAnchor | undefined {
  const root = fromHex(state.root, 32);
  return root === undefined ? undefined : { size: state.size, root };
}
