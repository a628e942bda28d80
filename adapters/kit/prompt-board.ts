/**
 * Which platform message shows which approval request, durably, so that a request can be closed after a restart.
 * A request may be shown twice after a crash: both messages carry the same approval, and both are closed.
 */
import { isJsonObject } from "#contracts/json.ts";
import type { ApprovalPrompt, PromptClosed } from "#contracts/message.ts";
import { backoff } from "#runtime/backoff.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import type { Random } from "#runtime/random.ts";
import type { Adapter, SendOutcome } from "./adapter.ts";
import { readDocument, writeDocument } from "./json-document.ts";
import type { Lanes } from "./lanes.ts";
import { pause } from "./pause.ts";
import type { StateStore } from "./state-store.ts";

const DOCUMENT = "prompts";
const SHOWN_MAX = 256;
const TRIES_MAX = 6;

export interface PromptBoard {
  /** Shows a request in its chat, after what was sent there before. */
  show(prompt: ApprovalPrompt): void;
  /** Closes a request wherever it is shown. */
  close(closed: PromptClosed): void;
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

/** Builds the board from what an earlier life kept. */
export async function openPromptBoard(ports: PromptPorts): Promise<PromptBoard> {
  const stored = await readDocument(ports.state, DOCUMENT, parseShown);
  const shown = new Map(stored.ok ? stored.value : []);
  let last: Promise<unknown> = Promise.resolve();
  const keep = (): Promise<unknown> => {
    for (const oldest of shown.keys()) {
      if (shown.size <= SHOWN_MAX) break;
      shown.delete(oldest);
    }
    last = last.then(() => writeDocument(ports.state, DOCUMENT, Object.fromEntries(shown)));
    return last;
  };
  return {
    show: (prompt) => {
      ports.lanes.run(prompt.conversation, async () => {
        if (shown.has(prompt.approvalId) || prompt.expiresMs <= ports.clock.now()) return;
        const outcome = await insist(prompt.conversation, () => ports.adapter.prompt(prompt), ports);
        if (outcome?.kind !== "sent") {
          ports.log.warn("an approval request could not be shown", { outcome: outcome?.kind ?? "stopping" });
          return;
        }
        shown.set(prompt.approvalId, outcome.messageId);
        await keep();
      });
    },
    close: (closed) => {
      ports.lanes.run(closed.conversation, async () => {
        const messageId = shown.get(closed.approvalId);
        if (messageId === undefined) return;
        await insist(closed.conversation, () => ports.adapter.promptClosed(closed, messageId), ports);
        shown.delete(closed.approvalId);
        await keep();
      });
    },
  };
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

function parseShown(value: unknown): [string, string][] | undefined {
  if (!isJsonObject(value)) return undefined;
  const entries: [string, string][] = [];
  for (const [approvalId, messageId] of Object.entries(value)) {
    if (typeof messageId === "string") entries.push([approvalId, messageId]);
  }
  return entries;
}
