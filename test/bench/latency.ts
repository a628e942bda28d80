/**
 * From an inbound frame to the model: the frame is sent here, signed; the compiled gateway checks it, writes it durably,
 * admits, routes, wakes the agent and asks the model; that request's head arrives here. One clock, one turn at a time,
 * a new conversation every ten messages.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startCompiledGateway } from "./compiled-gateway.ts";
import { type BenchOptions, type Figure, notMeasured, quantile } from "./figure.ts";
import { talk } from "./messages.ts";

const TURNS = 200;
const WARM_UP = 30;
const TURNS_PER_CONVERSATION = 10;
const TURN_MS_MAX = 20_000;
/** A turn's head is signed and its delivery written before the next message comes, as between people's messages. */
const PAUSE_MS = 10;
const NAME = "inbound_to_model_request";
const ANSWER = [
  '{"model":"bench","message":{"role":"assistant","content":"On Friday, it says."},"done":false}',
  '{"model":"bench","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}',
].join("\n");

/** p50 and p99 in milliseconds. */
export async function latency(options: BenchOptions): Promise<readonly Figure[]> {
  if (!existsSync(options.binary)) return [notMeasured(NAME, "ms", "dist/wirken is missing")];
  const arrived = arrivals();
  const base_url = `http://127.0.0.1:${arrived.port}`;
  const folder = join(options.folder, "latency");
  const model = { provider: "ollama", model: "bench", base_url };
  await using gateway = await startCompiledGateway(options.binary, folder, model);
  try {
    const answered = answers(gateway.adapter);
    const taken: number[] = [];
    const turns = WARM_UP + Math.ceil(TURNS * options.scale);
    for (let turn = 0; turn < turns; turn++) {
      const request = arrived.next();
      const answer = answered.next();
      const sentAt = Bun.nanoseconds();
      gateway.adapter.send(talk("webchat", turn, `talk-${Math.floor(turn / TURNS_PER_CONVERSATION)}`));
      const arrivedAt = await within(request, "a model request");
      await within(answer, "an answer");
      await Bun.sleep(PAUSE_MS);
      if (turn >= WARM_UP) taken.push((arrivedAt - sentAt) / 1e6);
    }
    const note = `${taken.length} turns over the compiled gateway`;
    return [
      { name: `${NAME}.p50`, value: quantile(taken, 0.5), unit: "ms", aim: atMost(2), note },
      { name: `${NAME}.p99`, value: quantile(taken, 0.99), unit: "ms", aim: atMost(10), note },
    ];
  } finally {
    await arrived.stop();
  }
}

function atMost(at: number) {
  return { of: "value", bound: "at_most", at } as const;
}

/** A model endpoint: when each request's first bytes arrived. */
function arrivals() {
  let told: ((at: number) => void) | undefined;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const at = Bun.nanoseconds();
      await request.arrayBuffer();
      told?.(at);
      return new Response(ANSWER, { headers: { "content-type": "application/x-ndjson" } });
    },
  });
  return {
    port: server.port ?? 0,
    next: (): Promise<number> =>
      new Promise((resolve) => {
        told = resolve;
      }),
    stop: () => server.stop(true),
  };
}

/** Answers of the gateway, confirmed as delivered like an adapter does. */
function answers(adapter: Awaited<ReturnType<typeof startCompiledGateway>>["adapter"]) {
  let told: (() => void) | undefined;
  adapter.listen({
    onPayload: (payload) => {
      if (payload.kind !== "outbound") return;
      const { outboundId } = payload.outbound;
      adapter.send({
        kind: "delivery",
        delivery: { outboundId, state: "delivered", messageIds: ["1"], code: "" },
      });
      told?.();
    },
    onRequest: () => Promise.resolve({ ok: true, value: "{}" }),
    onClose: () => undefined,
  });
  return {
    next: (): Promise<void> =>
      new Promise((resolve) => {
        told = resolve;
      }),
  };
}

async function within<T>(wanted: Promise<T>, what: string): Promise<T> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`bench: ${what} did not come`)), TURN_MS_MAX);
  });
  return await Promise.race([wanted, late]).finally(() => clearTimeout(timer));
}
