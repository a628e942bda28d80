/**
 * Runs one adapter against the gateway connection until it is told to stop or the connection ends.
 * Everything it needs comes in as a parameter; the role's entry builds the real ones.
 */
import type { Fault } from "#contracts/fault.ts";
import type { AdapterState, Payload } from "#contracts/frame.ts";
import { type Result, ok, unreachable } from "#contracts/result.ts";
import { backoff } from "#runtime/backoff.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import type { Random } from "#runtime/random.ts";
import type { Adapter, AdapterDefinition, AdapterHost } from "./adapter.ts";
import type { FailPoint } from "./fail-point.ts";
import type { AdapterHandoff } from "./handoff.ts";
import { type InboundDesk, inboundDesk } from "./inbound-desk.ts";
import { lanes } from "./lanes.ts";
import type { GatewayLink } from "./link.ts";
import { openOutboundJournal } from "./outbound-journal.ts";
import { type OutboundQueue, outboundQueue } from "./outbound-queue.ts";
import { pause } from "./pause.ts";
import { type PromptBoard, promptBoard } from "./prompt-board.ts";
import type { Spool, StateStore } from "./state-store.ts";

/** How long sends that have begun may take to end after `stop`. */
const STOP_MS_MAX = 5_000;
/** The gateway takes a file within seconds of its message; what lies longer belongs to no message. */
const SPOOLED_MS_MAX = 86_400_000;

export interface AdapterPorts {
  readonly define: AdapterDefinition;
  readonly handoff: AdapterHandoff;
  readonly link: GatewayLink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly state: StateStore;
  readonly spool: Spool;
  readonly failPoint: FailPoint;
}

/** Why an adapter ended: told to, or because its connection did. */
export type AdapterEnd = "stopped" | "lost";

/**
 * Runs the adapter. A credential that is missing or refused is reported as `rejected` and waited out,
 * because a restart would not mend it; a state folder that cannot be read is a fault.
 */
export async function runAdapter(ports: AdapterPorts): Promise<Result<AdapterEnd, Fault>> {
  const { link, define, handoff, clock } = ports;
  const stopping = new AbortController();
  let end: AdapterEnd = "stopped";
  void link.closed.then(() => {
    if (!stopping.signal.aborted) end = "lost";
    stopping.abort();
  });
  const report = reporter(link);
  const desk = inboundDesk(link, { channel: define.channel, instance: handoff.instance }, ports);
  report("starting", "");
  const early: Payload[] = []; // what the gateway says before the journal is open
  link.onPayload((payload) => early.push(payload));
  const journal = await openOutboundJournal(ports.state);
  if (!journal.ok) return journal;

  const made = define.make(hostOf(ports, desk, report), handoff);
  if (!made.ok) {
    report("rejected", made.error.message);
    const heed = (payload: Payload): void => {
      if (payload.kind === "stop") stopping.abort();
    };
    link.onPayload(heed);
    early.forEach(heed);
    await aborted(stopping.signal);
    link.close();
    return ok(end);
  }
  const { signal } = stopping;
  const adapter = made.value;
  const { random, log, state, failPoint } = ports;
  const chats = lanes(define.pacing, clock, signal);
  const queue = outboundQueue({
    adapter,
    journal: journal.value,
    lanes: chats,
    clock,
    random,
    signal,
    failPoint,
    report: (delivery) => void link.send({ kind: "delivery", delivery }),
  });
  const board = promptBoard({ adapter, state, lanes: chats, clock, random, log, signal });
  await queue.recover();
  await board.sweep();
  await ports.spool.sweep(clock.now() - SPOOLED_MS_MAX);
  const desks = { adapter, desk, queue, board, stop: () => stopping.abort() };
  link.onPayload((payload) => receive(payload, desks));
  for (const payload of early) receive(payload, desks);
  const running = adapter.run(signal);
  await aborted(signal);
  report("stopping", "");
  await Promise.race([
    Promise.all([running, chats.idle()]),
    pause(clock, STOP_MS_MAX, new AbortController().signal),
  ]);
  link.close();
  return ok(end);
}

interface Desks {
  readonly adapter: Adapter;
  readonly desk: InboundDesk;
  readonly queue: OutboundQueue;
  readonly board: PromptBoard;
  readonly stop: () => void;
}

function receive(payload: Payload, { adapter, desk, queue, board, stop }: Desks): void {
  switch (payload.kind) {
    case "inboundAck":
      return desk.acked(payload.ack);
    case "outbound":
      return queue.accept(payload.outbound);
    case "prompt":
      return board.show(payload.prompt);
    case "promptClosed":
      return board.close(payload.closed);
    case "activity": {
      const { conversation, thread, working } = payload;
      return adapter.activity?.({ conversation, thread, replyTo: "" }, working);
    }
    case "event":
      return adapter.event?.(payload.name, payload.body);
    case "stop":
      return stop();
    case "heartbeat": // the rest is the connection's own, or what only a peer sends
    case "chunk":
    case "inbound":
    case "delivery":
    case "adapterState":
    case "request":
    case "response":
      return;
    default:
      return unreachable(payload);
  }
}

type Report = (state: AdapterState, detail: string) => void;

function hostOf(ports: AdapterPorts, desk: InboundDesk, report: Report): AdapterHost {
  const { define, handoff, link, clock, random, log, state, spool, failPoint } = ports;
  return {
    channel: define.channel,
    instance: handoff.instance,
    clock,
    random,
    log,
    state,
    spool,
    failPoint,
    inbound: (event) => desk.handOn(event),
    call: (method, body) => link.call(method, body),
    report,
    backoff: (minMs, maxMs) => backoff(random, minMs, maxMs),
  };
}

/** Reports a state once, however often an adapter says it. */
function reporter(link: GatewayLink): Report {
  let last = "";
  return (state, detail) => {
    const key = `${state} ${detail}`;
    if (key === last) return;
    last = key;
    link.send({ kind: "adapterState", state, detail });
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
