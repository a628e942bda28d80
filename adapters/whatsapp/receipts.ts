/**
 * Meta accepts a message first and says later, over the webhook, whether it went out. A send waits a moment for that
 * word: it is how a closed 24-hour window and an unreachable number become known, and it keeps messages in order.
 */
import type { AdapterHost } from "#kit/adapter.ts";
import { type CloudFailure, failureOfCode } from "./failure.ts";
import type { Receipt } from "./inbound.ts";

/** Meta's word comes within a second or two. Without it the message counts as accepted, which is all that is known. */
const WAIT_MS = 4_000;
const EARLY_MAX = 1_000;

export interface Receipts {
  heard(receipt: Receipt): void;
  /** Resolves with what went wrong, or `undefined`: it went out, or nothing more is known. */
  wordOn(messageId: string): Promise<CloudFailure | undefined>;
}

/** Builds the desk of one adapter. */
export function receiptDesk(clock: AdapterHost["clock"]): Receipts {
  const early = new Map<string, Receipt>();
  const waiting = new Map<string, (receipt: Receipt) => void>();
  return {
    heard: (receipt) => {
      const wake = waiting.get(receipt.messageId);
      if (wake !== undefined) return wake(receipt);
      early.set(receipt.messageId, receipt);
      for (const oldest of early.keys()) {
        if (early.size <= EARLY_MAX) break;
        early.delete(oldest);
      }
    },
    wordOn: async (messageId) => {
      const known = early.get(messageId);
      if (known !== undefined) return failureIn(known);
      const { promise, resolve } = Promise.withResolvers<Receipt | undefined>();
      waiting.set(messageId, resolve);
      const cancel = clock.after(WAIT_MS, () => resolve(undefined));
      const receipt = await promise;
      cancel();
      waiting.delete(messageId);
      return receipt === undefined ? undefined : failureIn(receipt);
    },
  };
}

/** A message that Meta gave up on will not arrive: even a rate that was too high ends it here. */
function failureIn({ state, code }: Receipt): CloudFailure | undefined {
  if (state !== "failed") return undefined;
  return failureOfCode(code) ?? { kind: "refused", code };
}
