/**
 * One request to a provider over HTTP: sent, retried before its first event, decoded as it comes, bounded
 * in size and in silence. Redirects are refused, so a key goes to no other host. Every way it can end is
 * the last event of the stream.
 */
import { LIMITS } from "#contracts/limits.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { type BoundKey, withKey } from "./bound-key.ts";
import { type Redact, errorOfStatus } from "./llm-status.ts";
import { type LlmError, type ModelEvent, llmError } from "./model.ts";
import { parseRetryAfter, retryWait } from "./retry.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A state machine from a provider's bytes to events. After `done` or `error` it is not asked again. */
export interface StreamDecoder {
  push(bytes: Uint8Array): readonly ModelEvent[];
  /** The bytes are over: what that means where no end was said. Ends with `done` or `error`. */
  end(): readonly ModelEvent[];
}

export interface Exchange {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: BoundKey | undefined;
  readonly body: Uint8Array;
  readonly decoder: () => StreamDecoder;
  /** Host as a person knows it. */
  readonly where: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly redact: Redact;
}

/** Sends and reads; ends with one `done` or `error`, or with nothing more once `signal` is aborted. */
export async function* exchange(request: Exchange, signal: AbortSignal): AsyncGenerator<ModelEvent> {
  for (let attempt = 1; ; attempt++) {
    let begun = false;
    let failure: LlmError | undefined;
    for await (const event of attemptOf(request, signal)) {
      if (event.type === "error") {
        failure = { ...event.error, attempts: attempt };
        break;
      }
      begun = true;
      yield event;
      if (event.type === "done") return;
    }
    if (signal.aborted || failure === undefined) return;
    const waitMs = begun ? undefined : retryWait(failure, attempt, request.random);
    if (waitMs === undefined) {
      yield { type: "error", error: failure };
      return;
    }
    yield { type: "waiting", class: failure.class, waitMs, attempt };
    if (!(await slept(request.clock, waitMs, signal))) return;
  }
}

async function* attemptOf(request: Exchange, outer: AbortSignal): AsyncGenerator<ModelEvent> {
  const watch = silenceWatch(request.clock);
  const signal = AbortSignal.any([outer, watch.signal]);
  const lost = (begun: boolean): LlmError => {
    if (watch.signal.aborted) return llmError("timeout", `${request.where} was silent for too long`);
    return begun
      ? llmError("cut_stream", `the connection to ${request.where} broke in the middle of the answer`)
      : llmError("network", `${request.where} could not be reached`);
  };
  try {
    const response = await sent(request, signal);
    if (response === undefined) {
      yield { type: "error", error: lost(false) };
    } else if (response.status !== 200) {
      yield { type: "error", error: await refusal(request, response) };
    } else if (response.headers.get("content-type")?.startsWith("text/html") === true) {
      // A portal or a web server stands where the model should be.
      await response.body?.cancel().catch(() => undefined);
      yield { type: "error", error: llmError("protocol", `${request.where} answered with a web page`) };
    } else {
      yield* decoded(request, response, watch, lost);
    }
  } finally {
    watch.end();
  }
}

async function sent(request: Exchange, signal: AbortSignal): Promise<Response | undefined> {
  try {
    return await withKey(request.key, request.url, (keyHeaders) =>
      request.fetch(request.url, {
        method: "POST",
        headers: { "content-type": "application/json", ...request.headers, ...keyHeaders },
        body: new Uint8Array(request.body),
        redirect: "manual",
        signal,
      }),
    );
  } catch (thrown) {
    // fetch rejects for everything that the network can do; a key bound elsewhere is a bug and goes on.
    if (thrown instanceof Error && thrown.message.startsWith("a key was about to leave")) throw thrown;
    return undefined;
  }
}

async function* decoded(
  request: Exchange,
  response: Response,
  watch: SilenceWatch,
  lost: (begun: boolean) => LlmError,
): AsyncGenerator<ModelEvent> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const decoder = request.decoder();
  let raw = 0;
  try {
    for (;;) {
      const piece = await reader.read().catch(() => undefined);
      watch.heard();
      if (piece === undefined) {
        yield { type: "error", error: lost(true) };
        return;
      }
      if (piece.done) break;
      raw += piece.value.byteLength;
      if (raw > LIMITS.model_raw_bytes_max) {
        yield { type: "error", error: llmError("too_large", "the answer is longer than this program takes") };
        return;
      }
      for (const event of decoder.push(piece.value)) {
        yield event;
        if (event.type === "done" || event.type === "error") return;
      }
    }
    yield* decoder.end();
  } finally {
    await reader.cancel().catch(() => undefined); // the peer may be gone already
  }
}

/** Reads a refusal's body up to its bound and makes an error of it. */
async function refusal(request: Exchange, response: Response): Promise<LlmError> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let body = "";
  while (reader !== undefined && body.length < LIMITS.model_error_bytes_max) {
    const piece = await reader.read().catch(() => undefined);
    if (piece === undefined || piece.done) break;
    body += decoder.decode(piece.value, { stream: true });
  }
  await reader?.cancel().catch(() => undefined);
  return errorOfStatus(response.status, body.slice(0, LIMITS.model_error_bytes_max), {
    where: request.where,
    retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), request.clock.now()),
    redact: request.redact,
  });
}

interface SilenceWatch {
  readonly signal: AbortSignal;
  heard(): void;
  end(): void;
}

function silenceWatch(clock: Clock): SilenceWatch {
  const controller = new AbortController();
  const start = (): (() => void) => clock.after(LIMITS.model_silence_ms_max, () => controller.abort());
  let stop = start();
  return {
    signal: controller.signal,
    heard: () => {
      stop();
      stop = start();
    },
    end: () => stop(),
  };
}

async function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return !signal.aborted;
  } catch {
    return false; // sleep rejects when the signal is aborted
  }
}
