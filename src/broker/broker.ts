/**
 * The egress broker: an HTTP proxy with one listener for one call, so that it knows who asks
 * (docs/ARCHITECTURE.md, confinement). It judges each request against the call's rules, resolves the host
 * once and connects to that address, holds a tunnel to its name, adds credentials at the edge, and reports
 * each verdict before a byte goes out. A redirect is an answer like any other: following it is a new
 * request, judged anew.
 */
import { timingSafeEqual } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Clock } from "#runtime/clock.ts";
import { type Resolve, judgedAddress } from "./address.ts";
import { endOfBytes, type Bytes, readUntil } from "./incoming.ts";
import { endOfHead, HEAD_BYTES_MAX, parseRequestHead, type RequestHead } from "./request-head.ts";
import { type EgressRequest, type EgressRule, judge, type Refusal, REFUSALS } from "./rule.ts";
import { forward } from "./forward.ts";
import { tunnel } from "./tunnel.ts";
import type { Dial } from "./wires.ts";

/** What the broker decided about one request; a tunnel may be refused after it was allowed. */
export interface EgressVerdict {
  readonly verdict: "allow" | "refuse";
  /** `granted`, or why not. */
  readonly reason: Refusal | "granted";
  /** `CONNECT` for a tunnel; empty for what could not be read. */
  readonly method: string;
  readonly host: string;
  readonly port: number;
  /** Name of the credential that was added, or empty. */
  readonly credential: string;
}

export interface BrokerLimits {
  readonly connectionsMax: number;
  /** Bytes of all connections together. */
  readonly bytesOutMax: number;
  readonly bytesInMax: number;
  /** For a head, a resolution, a connection and a TLS greeting, each. */
  readonly stepMs: number;
  readonly idleMs: number;
}

export const BROKER_LIMITS: BrokerLimits = {
  connectionsMax: 64,
  bytesOutMax: 256 * 1_048_576,
  bytesInMax: 2_048 * 1_048_576,
  stepMs: 15_000,
  idleMs: 120_000,
};

export interface BrokerPorts {
  readonly rules: readonly EgressRule[];
  /** What a client must show in `Proxy-Authorization`; empty where nobody else can reach the listener. */
  readonly token: string;
  readonly clock: Clock;
  readonly resolve: Resolve;
  readonly dial: Dial;
  /** Resolves once the verdict is durable; a rejection lets nothing out. */
  readonly onVerdict: (verdict: EgressVerdict) => Promise<void>;
  readonly limits: BrokerLimits;
}

export class Broker implements Disposable {
  readonly #ports: BrokerPorts;
  readonly #open = new Set<Duplex>();
  readonly #ended = new AbortController();
  readonly #bytes = { out: 0, in: 0 };

  constructor(ports: BrokerPorts) {
    this.#ports = ports;
  }

  /** Serves one connection of the call. Rejects never. */
  async serve(client: Duplex): Promise<void> {
    client.on("error", () => client.destroy());
    if (this.#ended.signal.aborted) {
      client.destroy();
      return;
    }
    const isFull = this.#open.size >= this.#ports.limits.connectionsMax;
    this.#open.add(client);
    client.once("close", () => this.#open.delete(client));
    try {
      await (isFull ? this.#refuse(client, undefined, "limit") : this.#serveRequest(client));
    } catch {
      client.destroy(); // the record cannot be written, or the peer is gone: either way nothing goes out
    }
  }

  /** Ends every connection; later ones are closed at once. */
  [Symbol.dispose](): void {
    this.#ended.abort();
    for (const client of this.#open) client.destroy();
  }

  async #serveRequest(client: Duplex): Promise<void> {
    const { limits, rules, clock } = this.#ports;
    const head = await readUntil(client, endOfHead, { clock, ms: limits.stepMs, bytesMax: HEAD_BYTES_MAX });
    if (!head.ok) return this.#refuse(client, undefined, head.error === "closed" ? undefined : "malformed");
    const parsed = parseRequestHead(head.value.bytes);
    if (!parsed.ok) return this.#refuse(client, undefined, parsed.error);
    const { request, authorization } = parsed.value;
    if (!this.#knows(authorization)) return this.#refuse(client, request, "token");
    const judgement = judge(rules, request);
    if (judgement.kind === "refuse") return this.#refuse(client, request, judgement.reason);
    await this.#letOut(client, { head: parsed.value, rest: head.value.rest, ...judgement });
  }

  async #letOut(
    client: Duplex,
    { head, rest, rule, secure }: { head: RequestHead; rest: Uint8Array; rule: EgressRule; secure: boolean },
  ): Promise<void> {
    const { request } = head;
    const { limits, clock, resolve, dial } = this.#ports;
    const step = new AbortController();
    const cancel = clock.after(limits.stepMs, () => step.abort());
    const signal = AbortSignal.any([step.signal, this.#ended.signal]);
    const bytes = this.#counted();
    try {
      const address = await judgedAddress(request.host, { ...rule, resolve, signal }).catch(() => undefined);
      if (address === undefined) return await this.#refuse(client, request, "unresolved");
      if (!address.ok) return await this.#refuse(client, request, address.error);
      await this.#report(request, "granted", rule.credential?.name ?? "");
      const way = { address: address.value, port: rule.port, ...(secure ? { secureAs: request.host } : {}) };
      const server = await dial(way, signal).catch(() => undefined);
      if (server === undefined) return await this.#refuse(client, request, "unreachable");
      client.once("close", () => server.destroy());
      server.once("close", () => endOfBytes(client));
      cancel();
      if (request.kind === "forward") return forward({ client, server, head, request, rule, rest, bytes });
      const refused = await tunnel({
        client,
        server,
        host: request.host,
        rest,
        bytes,
        clock,
        ms: limits.stepMs,
      });
      if (refused !== undefined) await this.#report(request, refused, "");
    } finally {
      cancel();
    }
  }

  /** Counts what passes; over a bound, or after a silence, everything of the call's connection ends. */
  #counted(): Bytes {
    const { limits } = this.#ports;
    return {
      out: (count) => (this.#bytes.out += count) <= limits.bytesOutMax,
      in: (count) => (this.#bytes.in += count) <= limits.bytesInMax,
      idle: (end) => this.#ports.clock.after(limits.idleMs, end),
    };
  }

  /** Says no, in the record and to the program. Without a reason the client went away by itself. */
  async #refuse(
    client: Duplex,
    request: EgressRequest | undefined,
    reason: Refusal | undefined,
  ): Promise<void> {
    if (reason === undefined) {
      client.destroy();
      return;
    }
    await this.#report(request, reason, "");
    const where = request === undefined ? "" : ` (${request.host}:${request.port})`;
    const text = `wirken: ${REFUSALS[reason]}${where}\n`;
    const status = STATUS[reason] ?? "403 Forbidden";
    const head = [
      `HTTP/1.1 ${status}`,
      "Content-Type: text/plain",
      `Content-Length: ${Buffer.byteLength(text)}`,
    ];
    client.end([...head, "Connection: close", "", text].join("\r\n"));
  }

  async #report(
    request: EgressRequest | undefined,
    reason: Refusal | "granted",
    credential: string,
  ): Promise<void> {
    const method = request === undefined ? "" : request.kind === "tunnel" ? "CONNECT" : request.method;
    const { host, port } = request ?? { host: "", port: 0 };
    const verdict = reason === "granted" ? "allow" : "refuse";
    await this.#ports.onVerdict({ verdict, reason, method, host, port, credential });
  }

  #knows(authorization: string): boolean {
    const { token } = this.#ports;
    if (token === "") return true;
    const expected = Buffer.from(`Basic ${Buffer.from(`wirken:${token}`).toString("base64")}`);
    const shown = Buffer.from(authorization);
    return shown.length === expected.length && timingSafeEqual(shown, expected);
  }
}

const STATUS: Partial<Record<Refusal, string>> = {
  token: "407 Proxy Authentication Required",
  malformed: "400 Bad Request",
  length: "411 Length Required",
  unresolved: "502 Bad Gateway",
  unreachable: "502 Bad Gateway",
  limit: "429 Too Many Requests",
};
