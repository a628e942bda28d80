/** A large clean log by the real writer and signer, for benches and soaks: turns in two sessions, sealed as they end. */
import { GATEWAY_LANE } from "#contracts/ids.ts";
import { SESSION_A, SESSION_B, logBench, sampleRow } from "./sample-log.ts";

const GROUP = 56;
/** Rows of a turn: a group at a time between its first and its last, below the bound at which the writer seals itself. */
const GROUPS_PER_TURN = 16;
const TEXT = "The quick brown fox reads notes.md, line by line. ".repeat(6);
/** A head and a checkpoint follow each turn. */
export const SAMPLE_LOG_SEAL_ROWS = GROUP * GROUPS_PER_TURN + 2;

export interface LargeLog {
  readonly path: string;
  readonly rows: number;
  readonly alarms: number;
  readonly seconds: number;
}

/** Writes a log of at least `rows` rows to `folder/audit.db`, stopped in order. */
export async function writeLargeLog(folder: string, rows: number): Promise<LargeLog> {
  const bench = logBench(folder);
  const start = Bun.nanoseconds();
  const store = await bench.open();
  await store.append([{ session: GATEWAY_LANE, kind: "started", trust: "system", payload: {} }]);
  for (let turn = 0; store.size < rows; turn++) {
    const session = turn % 2 === 0 ? SESSION_A : SESSION_B;
    await bench.clock.advance(1_001); // a checkpoint is due at most once a second
    await store.append([sampleRow(session, "turn_started")]);
    for (let group = 0; group < GROUPS_PER_TURN; group++) {
      const texts = Array.from({ length: GROUP }, (_, at) => `${TEXT}${turn}.${group}.${at}`);
      await Promise.all(texts.map((text) => store.append([sampleRow(session, "tool_result", text)])));
    }
    await store.append([sampleRow(session, "turn_ended")]);
    await store.sealTurn(session, "turn");
  }
  await store.stop({ session: GATEWAY_LANE, kind: "stopped", trust: "system", payload: {} });
  const seconds = (Bun.nanoseconds() - start) / 1e9;
  return { path: bench.path, rows: store.size, alarms: bench.alarms.length, seconds };
}
