/** Requests and their responses over a connection: ids, deadlines, and how a fault travels in a response's body. */
import { FAULT_CODES, type Fault, fail, fault } from "#contracts/fault.ts";
import type { Payload } from "#contracts/frame.ts";
import { isJsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Clock } from "#runtime/clock.ts";

type Request = Extract<Payload, { kind: "request" }>;
type Response = Extract<Payload, { kind: "response" }>;

/** Answers a request. `body` is JSON text of the method's own schema; so is the result. */
export type RequestHandler = (method: string, body: string) => Promise<Result<string, Fault>>;

interface Waiting {
  readonly finish: (result: Result<string, Fault>) => void;
  readonly cancelTimer: () => void;
}

/** The caller's side. */
export class OpenCalls {
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  #id = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sends a request through `send` and waits at most `timeoutMs` for its response. */
  async call(
    request: { readonly method: string; readonly body: string; readonly timeoutMs: number },
    send: (payload: Request) => Result<undefined, Fault>,
  ): Promise<Result<string, Fault>> {
    if (this.#waiting.size >= LIMITS.calls_open_max) return fail("limit", "too many requests are open");
    const { method, body, timeoutMs } = request;
    do this.#id = (this.#id + 1) >>> 0;
    while (this.#waiting.has(this.#id));
    const id = this.#id;
    return new Promise((resolve) => {
      const finish = (result: Result<string, Fault>): void => {
        cancelTimer();
        this.#waiting.delete(id);
        resolve(result);
      };
      const cancelTimer = this.#clock.after(timeoutMs, () =>
        finish(fail("timeout", "no response came in time")),
      );
      this.#waiting.set(id, { finish, cancelTimer });
      const sent = send({ kind: "request", id, method, body });
      if (!sent.ok) finish(sent);
    });
  }

  /** Ends the call that `response` answers; one that came too late answers nothing. */
  settle(response: Response): void {
    const waiting = this.#waiting.get(response.id);
    waiting?.finish(response.ok ? ok(response.body) : { ok: false, error: faultOf(response.body) });
  }

  /** Ends every call with the same fault: the connection is gone. */
  failAll(reason: Fault): void {
    for (const waiting of Array.from(this.#waiting.values())) waiting.finish({ ok: false, error: reason });
  }
}

/** The answering side: runs `handler`, and answers for it when too many requests are open. */
export class ServedCalls {
  readonly #handler: RequestHandler;
  readonly #send: (payload: Response) => void;
  #open = 0;

  constructor(handler: RequestHandler, send: (payload: Response) => void) {
    this.#handler = handler;
    this.#send = send;
  }

  /** Starts the answer to a request and returns at once. */
  serve(request: Request): void {
    if (this.#open >= LIMITS.calls_open_max) {
      this.#answer(request.id, fail("limit", "too many requests are open"));
      return;
    }
    this.#open += 1;
    void this.#handler(request.method, request.body)
      .catch(() => fail("internal", "the request failed"))
      .then((result) => {
        this.#open -= 1;
        this.#answer(request.id, result);
      });
  }

  #answer(id: number, result: Result<string, Fault>): void {
    const body = result.ok ? result.value : JSON.stringify(result.error);
    this.#send({ kind: "response", id, ok: result.ok, body });
  }
}

/** The fault in a response's body; a body that is none is a fault of the peer. */
function faultOf(body: string): Fault {
  const wrong = fault("protocol", "the peer answered with something that is not a fault");
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return wrong;
  }
  if (!isJsonObject(value)) return wrong;
  const code = FAULT_CODES.find((known) => known === value["code"]);
  const [message, hint, reason] = [value["message"], value["hint"], value["reason"]];
  if (code === undefined || typeof message !== "string") return wrong;
  return {
    code,
    message,
    ...(typeof hint === "string" ? { hint } : {}),
    ...(typeof reason === "string" ? { reason } : {}),
  };
}
