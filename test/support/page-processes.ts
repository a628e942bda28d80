/** Both page processes, started on ports of the system's choice against a `PageGateway`. */
import { runConsole } from "#console/console.ts";
import type { Fault } from "#contracts/fault.ts";
import type { Payload } from "#contracts/frame.ts";
import type { InboundAck } from "#contracts/message.ts";
import type { TurnEvent } from "#contracts/page-api.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import type { AdapterHost, InboundDraft } from "#kit/adapter.ts";
import { backoff } from "#runtime/backoff.ts";
import { type Clock, systemClock } from "#runtime/clock.ts";
import { memoryLog } from "#runtime/log.ts";
import { fixedRandom } from "#runtime/random.ts";
import { webchat } from "../../adapters/webchat/main.ts";
import { type PageGateway, pageGateway } from "./page-gateway.ts";

export interface PageProcess {
  readonly gateway: PageGateway;
  readonly port: number;
  readonly url: string;
  readonly log: readonly string[];
  /** Sends an event as the gateway would. */
  publish(event: TurnEvent): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ChatProcess extends PageProcess {
  readonly inbounds: InboundDraft[];
  /** What the gateway acknowledges the next inbound with. */
  ack: Result<InboundAck["status"], "closed">;
}

/** The chat page's process. */
export async function chatProcess(clock: Clock = systemClock, port = 0): Promise<ChatProcess> {
  const gateway = pageGateway();
  for (const path of ["/api/send", "/api/stop", "/api/answer"]) {
    gateway.answers.set(path, () => ({ accepted: true }));
  }
  const log = memoryLog();
  const serving = portFrom(log);
  const inbounds: InboundDraft[] = [];
  const ending = new AbortController();
  const made = webchat.make(hostOf(), {
    instance: "webchat",
    stateKey: SecretBytes.take(new Uint8Array(32)),
    secret: () => undefined,
    setting: (name) => (name === "port" ? String(port) : undefined),
  });
  if (!made.ok) throw new Error(made.error.message);
  const running = made.value.run(ending.signal);
  const bound = await serving();
  const process: ChatProcess = {
    gateway,
    inbounds,
    ack: ok("recorded"),
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    log: log.lines,
    publish: (event) => made.value.event?.("turn", JSON.stringify(event)),
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await running;
    },
  };
  return process;

  function hostOf(): AdapterHost {
    const absent = (): never => {
      throw new Error("the web chat keeps no state and no files");
    };
    return {
      channel: "webchat",
      instance: "webchat",
      clock,
      random: fixedRandom(),
      log,
      state: { get: absent, put: absent, remove: absent, list: absent },
      spool: { write: absent, remove: absent, sweep: absent },
      failPoint: () => Promise.resolve(),
      inbound: (draft) => {
        inbounds.push(draft);
        return Promise.resolve(process.ack);
      },
      call: gateway.ask,
      report: () => undefined,
      backoff: (minMs, maxMs) => backoff(fixedRandom(), minMs, maxMs),
    };
  }
}

/** The console's process. */
export async function consoleProcess(clock: Clock = systemClock, port = 0): Promise<PageProcess> {
  const gateway = pageGateway();
  const log = memoryLog();
  const serving = Promise.withResolvers<number>();
  const heard = Promise.withResolvers<(payload: Payload) => void>();
  const ended = runConsole({
    port,
    origins: [],
    clock,
    log,
    onServing: serving.resolve,
    link: {
      call: (method, body): Promise<Result<string, Fault>> => gateway.ask(method, body),
      listen: ({ onPayload }) => heard.resolve(onPayload),
      close: () => undefined,
    },
  });
  const bound = await serving.promise;
  const hear = await heard.promise;
  return {
    gateway,
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    log: log.lines,
    publish: (event) => hear({ kind: "event", name: "turn", body: JSON.stringify(event) }),
    [Symbol.asyncDispose]: async () => {
      hear({ kind: "stop" });
      await ended;
    },
  };
}

/** The port that a process says it serves on. */
function portFrom(log: { readonly lines: readonly string[] }): () => Promise<number> {
  return async () => {
    for (let tries = 0; tries < 100; tries += 1) {
      const found = /page\.serving \{"port":(\d+)\}/.exec(log.lines.join("\n"))?.[1];
      if (found !== undefined) return Number(found);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error("the page is not served");
  };
}
