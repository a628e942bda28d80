/** A small real log for tests: two sessions, turns with heads and checkpoints, written by the real writer and signer. */
import { join } from "node:path";
import type { EventKind, NewRow } from "#contracts/audit-event.ts";
import type { Fault } from "#contracts/fault.ts";
import { GATEWAY_LANE, type SessionId, parseSessionId } from "#contracts/ids.ts";
import { type ManualClock, manualClock } from "#runtime/clock.ts";
import { fixedRandom } from "#runtime/random.ts";
import type { AuditStore } from "#audit/audit-store.ts";
import { auditCrypto } from "#audit/node-crypto.ts";
import { type LogOptions, openLog } from "#audit/open-log.ts";
import { type StateStore, memoryStateStore } from "#signer/state-store.ts";
import { type LocalSignerOptions, localSigner } from "./local-signer.ts";

export const SESSION_A = sessionOf("default/telegram/c-aaaaaaaaaaaaaaaaaaaaaaaaaa");
export const SESSION_B = sessionOf("default/webchat/c-bbbbbbbbbbbbbbbbbbbbbbbbbb");

/** A session id, or a thrown error. */
export function sessionOf(text: string): SessionId {
  const session = parseSessionId(text);
  if (!session.ok) throw new Error("not a session id");
  return session.value;
}

export interface LogBench {
  readonly path: string;
  readonly clock: ManualClock;
  readonly state: StateStore;
  readonly alarms: Fault[];
  open(more?: Partial<LogOptions>, signer?: Partial<LocalSignerOptions>): Promise<AuditStore>;
}

/** A log at `folder/audit.db` with a signer whose memory lives as long as the bench. */
export function logBench(folder: string): LogBench {
  const path = join(folder, "audit.db");
  const clock = manualClock();
  const state = memoryStateStore();
  const alarms: Fault[] = [];
  let opened = 0;
  return {
    path,
    clock,
    state,
    alarms,
    open: async (more = {}, signer = {}) => {
      const fresh = opened === 0;
      opened += 1;
      const result = await openLog({
        path,
        archiveFolder: join(folder, "archive"),
        crypto: auditCrypto(),
        clock,
        random: fixedRandom(opened),
        signer: localSigner({ clock, state, fresh, ...signer }),
        keysLiveForOneRun: false,
        acceptTail: false,
        acceptState: false,
        alarm: (fault) => alarms.push(fault),
        onLost: (fault) => alarms.push(fault),
        publishKeys: () => undefined,
        ...more,
      });
      if (!result.ok) throw new Error(`${result.error.reason}: ${result.error.message}`);
      return result.value;
    },
  };
}

/** A row with a number in its payload and, when given, a text. */
export function sampleRow(session: SessionId, kind: EventKind, text?: string): NewRow {
  const content = text === undefined ? {} : { content: { text } };
  return { session, kind, trust: "user", payload: { n: 1 }, ...content };
}

/** A whole turn with its head; the clock moves on so that a checkpoint is due. */
export async function sampleTurn(bench: LogBench, store: AuditStore, session: SessionId): Promise<void> {
  await bench.clock.advance(2_000);
  await store.append([
    sampleRow(session, "turn_started"),
    sampleRow(session, "user_message", "read notes.md"),
  ]);
  await store.append([sampleRow(session, "tool_call", '{"path":"notes.md"}')]);
  await store.append([sampleRow(session, "tool_result", "line one\nline two")]);
  await store.append([sampleRow(session, "assistant_message", "done: ü"), sampleRow(session, "turn_ended")]);
  await store.sealTurn(session, "turn");
}

/** `started`, two turns in each of two sessions, and `stopped` when asked for. */
export async function sampleLog(bench: LogBench, stop: boolean): Promise<void> {
  const store = await bench.open();
  await store.append([{ session: GATEWAY_LANE, kind: "started", trust: "system", payload: {} }]);
  for (const session of [SESSION_A, SESSION_B, SESSION_A, SESSION_B]) await sampleTurn(bench, store, session);
  if (stop) await store.stop({ session: GATEWAY_LANE, kind: "stopped", trust: "system", payload: {} });
  else {
    await bench.clock.advance(2_000);
    store.close();
  }
}
