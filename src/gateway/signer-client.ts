/**
 * The `HeadSigner` port over the signer's connection: the writer of the log asks, the process with the keys decides
 * (docs/formats/audit.md, "Signer"). While no signer is connected every request fails with `unavailable`: heads become
 * due later, and nothing that needs a key is written.
 */
import type { HeadSigner } from "#chain/head-signer.ts";
import {
  parseNote,
  parseSignedHead,
  parseSignedKey,
  parseSignerState,
  printAcceptRequest,
  printCheckpointRequest,
  printHeadRequest,
  printKeyRequest,
  printStateRequest,
  type SignerMethod,
} from "#chain/signer-protocol.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { ok, type Result } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";

/** A signer writes its memory to the disk before it answers; a healthy one is far below this. */
const CALL_MS_MAX = 10_000;

/** What of a connection this needs. */
export interface Caller {
  call(method: string, body: string, timeoutMs: number): Promise<Result<string, Fault>>;
}

/** The signer as the log sees it, with its connection coming and going. */
export interface SignerClient extends HeadSigner {
  /** Takes the connection of a signer that has passed the handshake; returns what ends its use. */
  attach(caller: Caller): () => void;
  /** Resolves once a signer is connected; fails with `timeout` after `ms`. */
  connected(ms: number): Promise<Result<void, Fault>>;
}

/** Builds the port. */
export function signerClient(clock: Clock): SignerClient {
  let caller: Caller | undefined;
  const waiting = new Set<() => void>();
  const ask = async <T>(
    method: SignerMethod,
    body: string,
    parse: (body: string) => Result<T, string>,
  ): Promise<Result<T, Fault>> => {
    if (caller === undefined) return fail("unavailable", "the signer is not connected");
    const answer = await caller.call(method, body, CALL_MS_MAX);
    if (!answer.ok) return answer;
    const parsed = parse(answer.value);
    return parsed.ok
      ? parsed
      : fail("protocol", "the signer's answer has another form", { reason: parsed.error });
  };
  return {
    signHead: (request) => ask("sign_head", printHeadRequest(request), parseSignedHead),
    signCheckpoint: (request) => ask("sign_checkpoint", printCheckpointRequest(request), parseNote),
    keyContinuity: (request) => ask("key_continuity", printKeyRequest(request), parseSignedKey),
    state: (request) => ask("signer_state", printStateRequest(request), parseSignerState),
    acceptState: (request) => ask("accept_state", printAcceptRequest(request), () => ok({})),
    attach: (connection) => {
      caller = connection;
      for (const wake of Array.from(waiting)) wake();
      return () => {
        if (caller === connection) caller = undefined;
      };
    },
    connected: (ms) =>
      new Promise((resolve) => {
        if (caller !== undefined) {
          resolve(ok(undefined));
          return;
        }
        const cancel = clock.after(ms, () => {
          waiting.delete(wake);
          resolve(fail("timeout", "the signer did not connect in time"));
        });
        const wake = (): void => {
          cancel();
          waiting.delete(wake);
          resolve(ok(undefined));
        };
        waiting.add(wake);
      }),
  };
}
