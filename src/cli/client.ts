/** The CLI's side of `control.sock`: requests as JSON lines, events while they run, one answer each. */
import { createConnection } from "node:net";
import { sameBuild } from "#contracts/brand.ts";
import { CONTROL_LINE_BYTES_MAX, type ControlMethod, type ControlParams } from "#contracts/control.ts";
import type { ControlEvent, ControlResults } from "#contracts/control-results.ts";
import { FAULT_CODES, type Fault, type FaultCode, fail } from "#contracts/fault.ts";
import { isJsonObject } from "#contracts/json.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";

export interface ControlClient extends Disposable {
  /** Calls a method. `onEvent` is given what streams before the answer. */
  call<M extends ControlMethod>(
    method: M,
    params: ControlParams<M>,
    onEvent?: (event: ControlEvent) => void,
  ): Promise<Result<ControlResults[M], Fault>>;
}

const WAIT_MS = 50;

/** Connects again and again for at most `msMax`: a gateway that is being restarted answers in a moment. */
export async function patiently<T>(
  connect: () => Promise<Result<T, Fault>>,
  clock: Clock,
  msMax: number,
): Promise<Result<T, Fault>> {
  const end = clock.monotonic() + msMax;
  for (;;) {
    const result = await connect();
    if (result.ok || clock.monotonic() >= end) return result;
    await clock.sleep(WAIT_MS);
  }
}

interface Waiting {
  readonly settle: (answer: Result<unknown, Fault>) => void;
  readonly onEvent: (event: unknown) => void;
}

const NOT_RUNNING = { hint: "start it with `wirken run`" } as const;
const GONE = fail("unavailable", "the running program closed the connection", {
  hint: "a program that wirken itself started may not speak here; else look at what `wirken run` printed",
});

/** Connects to the running program's control socket. */
export function connectControl(path: string): Promise<Result<ControlClient, Fault>> {
  return new Promise((resolve) => {
    const waiting = new Map<number, Waiting>();
    let next = 1;
    let pending = "";
    const socket = createConnection(path);
    socket.setEncoding("utf8");
    let open = true;
    const lost = (): void => {
      open = false;
      for (const one of waiting.values()) one.settle(GONE);
      waiting.clear();
    };
    socket.once("error", () => {
      resolve(fail("unavailable", "wirken is not running here", NOT_RUNNING));
      lost();
    });
    socket.on("close", lost);
    socket.on("data", (text: string) => {
      pending += text;
      if (pending.length > CONTROL_LINE_BYTES_MAX * 4) socket.destroy();
      let end = pending.indexOf("\n");
      while (end >= 0) {
        receive(pending.slice(0, end), waiting);
        pending = pending.slice(end + 1);
        end = pending.indexOf("\n");
      }
    });
    socket.once("connect", () => {
      resolve(
        ok({
          call: (method, params, onEvent) =>
            new Promise((settle) => {
              if (!open) return settle(GONE);
              const id = next++;
              waiting.set(id, {
                // The gateway builds results from `ControlResults`; the shared type is the contract between the two.
                settle: (answer) => settle(typed(answer)),
                onEvent: (event) => onEvent?.(sameBuild<ControlEvent>(event)),
              });
              socket.write(`${JSON.stringify({ id, method, params })}\n`);
            }),
          [Symbol.dispose]: () => socket.end(),
        }),
      );
    });
  });
}

function receive(line: string, waiting: Map<number, Waiting>): void {
  const message = parsed(line);
  if (message === undefined) return;
  const id = message["id"];
  const one = typeof id === "number" ? waiting.get(id) : undefined;
  if (one === undefined || typeof id !== "number") return;
  if ("event" in message) {
    one.onEvent(message["event"]);
    return;
  }
  waiting.delete(id);
  one.settle(message["ok"] === true ? ok(message["result"]) : err(faultOf(message["fault"])));
}

function parsed(line: string): { readonly [key: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function faultOf(value: unknown): Fault {
  if (!isJsonObject(value)) return { code: "protocol", message: "the program answered without a reason" };
  const { code, message, hint, reason } = value;
  return {
    code: isFaultCode(code) ? code : "internal",
    message: typeof message === "string" ? message : "the program answered without a sentence",
    ...(typeof hint === "string" ? { hint } : {}),
    ...(typeof reason === "string" ? { reason } : {}),
  };
}

function isFaultCode(code: unknown): code is FaultCode {
  return FAULT_CODES.some((known) => known === code);
}

// JSON from our own gateway over a socket that only this user opens: its shape is `ControlResults`, checked by types on
// both sides of one build. A different build on the other side is told apart by `status.version`.
function typed<T>(answer: Result<unknown, Fault>): Result<T, Fault> {
  return answer.ok ? ok(sameBuild<T>(answer.value)) : answer;
}
