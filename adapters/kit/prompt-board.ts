/**
 * Which platform message shows which approval request, durably, so that a request can be closed after a
 * restart. A request may be shown twice after a crash: both messages carry the same approval, and both are
 * closed.
 */
import { parseApprovalId } from "#contracts/ids.ts";
import { isJsonObject } from "#contracts/json.ts";
import type { ApprovalPrompt, PromptClosed } from "#contracts/message.ts";
import { backoff } from "#runtime/backoff.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import type { Random } from "#runtime/random.ts";
import type { Adapter, SendOutcome, ShownPrompt } from "./adapter.ts";
import { readDocument, writeDocument } from "./json-document.ts";
import type { Lanes } from "./lanes.ts";
import { pause } from "./pause.ts";
import type { StateStore } from "./state-store.ts";

const PREFIX = "prompt-";
/** A request that nobody closed within a week of its end was closed while we were away. */
const KEPT_MS = 7 * 86_400_000;
const TRIES_MAX = 6;

export interface PromptBoard {
  /** Shows a request in its chat, after what was sent there before. */
  show(prompt: ApprovalPrompt): void;
  /** Closes a request wherever it is shown. */
  close(closed: PromptClosed): void;
  /** Forgets requests that ended long ago. */
  sweep(): Promise<void>;
}

export interface PromptPorts {
  readonly adapter: Pick<Adapter, "prompt" | "promptClosed">;
  readonly state: StateStore;
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Builds the board; what an earlier life showed is read when it is closed. */
export function promptBoard(ports: PromptPorts): PromptBoard {
  const { state, lanes, clock, log } = ports;
  return {
    show: (prompt) => {
      lanes.run(prompt.conversation, async () => {
        const name = nameOf(prompt.approvalId);
        const shown = await readDocument(state, name, parseShown);
        if ((shown.ok && shown.value !== undefined) || prompt.expiresMs <= clock.now()) return;
        const outcome = await insist(prompt.conversation, () => ports.adapter.prompt(prompt), ports);
        if (outcome?.kind !== "sent") {
          log.warn("an approval request could not be shown", { outcome: outcome?.kind ?? "stopping" });
          return;
        }
        const { messageId, memo = "" } = outcome;
        await writeDocument(state, name, { messageId, memo, expiresMs: prompt.expiresMs });
      });
    },
    close: (closed) => {
      if (!parseApprovalId(closed.approvalId).ok) return; // it names a document: nothing else may
      lanes.run(closed.conversation, async () => {
        const name = nameOf(closed.approvalId);
        const shown = await readDocument(state, name, parseShown);
        if (!shown.ok || shown.value === undefined) return;
        const kept = shown.value;
        await insist(closed.conversation, () => ports.adapter.promptClosed(closed, kept), ports);
        await state.remove(name);
      });
    },
    sweep: async () => {
      const names = await state.list(PREFIX);
      for (const name of names.ok ? names.value : []) {
        const shown = await readDocument(state, name, parseShown);
        const old = shown.ok && (shown.value?.expiresMs ?? 0) + KEPT_MS < clock.now();
        if (old) await state.remove(name);
      }
    },
  };
}

/** A request that stands in a chat, found by the message that shows it. */
export interface StandingPrompt {
  readonly approvalId: string;
  readonly memo: string;
}

/** The request that a message shows, for platforms where people answer by a reaction to it. */
export async function promptShownBy(
  state: StateStore,
  messageId: string,
): Promise<StandingPrompt | undefined> {
  const names = await state.list(PREFIX);
  for (const name of names.ok ? names.value : []) {
    const shown = await readDocument(state, name, parseShown);
    if (shown.ok && shown.value?.messageId === messageId) {
      return { approvalId: name.slice(PREFIX.length), memo: shown.value.memo };
    }
  }
  return undefined;
}

function nameOf(approvalId: string): string {
  return PREFIX + approvalId;
}

/** Tries a call whose repetition does no harm. `undefined` when the adapter stops first. */
async function insist(
  chat: string,
  call: () => Promise<SendOutcome>,
  ports: PromptPorts,
): Promise<SendOutcome | undefined> {
  const waits = backoff(ports.random, 1_000, 30_000);
  let outcome: SendOutcome = { kind: "retry" };
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    if (!(await ports.lanes.turn(chat))) return undefined;
    outcome = await call();
    if (outcome.kind === "sent" || outcome.kind === "failed") return outcome;
    const wait = outcome.kind === "later" ? outcome.afterMs : waits.next();
    if (!(await pause(ports.clock, wait, ports.signal))) return undefined;
  }
  return outcome;
}

function parseShown(value: unknown): (ShownPrompt & { readonly expiresMs: number }) | undefined {
  if (!isJsonObject(value)) return undefined;
  const { messageId, memo, expiresMs } = value;
  if (typeof messageId !== "string" || typeof memo !== "string" || typeof expiresMs !== "number")
    return undefined;
  return { messageId, memo, expiresMs };
}
