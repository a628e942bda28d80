/**
 * Slack's side of Socket Mode: hello, envelopes that must be acknowledged, the announced end. What is not
 * acknowledged within three seconds comes again under another envelope, at most three times
 * (https://docs.slack.dev/apis/events-api, "Retries"). Everything that a client may not say is written down.
 */
import type { Clock } from "#runtime/clock.ts";

const ACK_MS_MAX = 3_000;
const PING_MS = 10_000;
/** Waits before the second, third and fourth delivery. */
const RETRY_MS = [1_000, 60_000, 300_000];

/** A client as the hub sees it. */
export interface HubClient {
  send(text: string): void;
  ping(): void;
  close(code: number): void;
}

interface Delivery {
  readonly type: string;
  readonly payload: object;
  tries: number;
  done: boolean;
}

export class SocketHub {
  readonly violations: string[];
  /** Envelopes that were acknowledged, by the payload's order of arrival. */
  acknowledged = 0;
  /** Payloads that Slack gave up. */
  readonly lost: object[] = [];
  readonly #clock: Clock;
  readonly #clients = new Set<HubClient>();
  readonly #tickets = new Set<string>();
  readonly #waiting = new Map<string, Delivery>();
  #numbers = 0;

  constructor(clock: Clock, violations: string[]) {
    this.#clock = clock;
    this.violations = violations;
  }

  get connections(): number {
    return this.#clients.size;
  }

  /** Envelopes that wait for their acknowledgement, or for another try. */
  get open(): number {
    return this.#waiting.size;
  }

  /** A fresh address's ticket, good once. */
  ticket(): string {
    const ticket = `t${++this.#numbers}`;
    this.#tickets.add(ticket);
    return ticket;
  }

  /** A client connects. False when its ticket is not good. */
  join(ticket: string, client: HubClient): boolean {
    if (!this.#tickets.delete(ticket)) {
      this.violations.push("a socket was opened with a used or unknown ticket");
      return false;
    }
    this.#clients.add(client);
    const hello = {
      type: "hello",
      num_connections: this.#clients.size,
      debug_info: { host: "applink-1", build_number: 1, approximate_connection_time: 18_060 },
      connection_info: { app_id: "A0FAKE" },
    };
    client.send(JSON.stringify(hello));
    this.#keepAlive(client);
    return true;
  }

  leave(client: HubClient): void {
    this.#clients.delete(client);
  }

  /** What a client says: acknowledgements and nothing else. */
  hear(text: string): void {
    const value: unknown = JSON.parse(text);
    const id =
      typeof value === "object" && value !== null && "envelope_id" in value ? value.envelope_id : undefined;
    const isBare =
      typeof value === "object" &&
      value !== null &&
      Object.keys(value).every((key) => key === "envelope_id" || key === "payload");
    const delivery = typeof id === "string" ? this.#waiting.get(id) : undefined;
    if (!isBare || typeof id !== "string") this.violations.push(`no acknowledgement: ${text.slice(0, 80)}`);
    if (typeof id === "string" && delivery !== undefined) {
      delivery.done = true;
      this.#waiting.delete(id);
      this.acknowledged += 1;
    }
  }

  /** Delivers a payload to the newest connection. */
  push(type: "events_api" | "interactive" | "slash_commands", payload: object): void {
    this.#deliver({ type, payload, tries: 0, done: false });
  }

  /** Tells every client that its connection ends soon. */
  announceEnd(reason: "warning" | "refresh_requested" | "link_disabled"): void {
    for (const client of this.#clients) {
      client.send(JSON.stringify({ type: "disconnect", reason, debug_info: { host: "applink-1" } }));
    }
  }

  /** Ends every connection. */
  dropAll(code = 1006): void {
    const clients = [...this.#clients];
    this.#clients.clear();
    for (const client of clients) client.close(code);
  }

  /** Forgets connections whose process is dead, as TCP does after a while. */
  forgetAll(): void {
    this.#clients.clear();
  }

  /** Text to every client, as a hostile server would. */
  say(text: string): void {
    for (const client of this.#clients) client.send(text);
  }

  #keepAlive(client: HubClient): void {
    this.#clock.after(PING_MS, () => {
      if (!this.#clients.has(client)) return;
      client.ping();
      this.#keepAlive(client);
    });
  }

  #deliver(delivery: Delivery): void {
    const id = `e${++this.#numbers}`;
    delivery.tries += 1;
    this.#waiting.set(id, delivery);
    const client = [...this.#clients].at(-1);
    const again = delivery.tries > 1 ? { retry_attempt: delivery.tries - 1, retry_reason: "timeout" } : {};
    const slash =
      delivery.type !== "events_api"
        ? { accepts_response_payload: true }
        : { accepts_response_payload: false };
    client?.send(
      JSON.stringify({ envelope_id: id, type: delivery.type, payload: delivery.payload, ...slash, ...again }),
    );
    const wait = RETRY_MS[delivery.tries - 1];
    this.#clock.after(client === undefined ? 0 : ACK_MS_MAX, () => {
      if (delivery.done) return;
      this.#clock.after(wait ?? 0, () => {
        this.#waiting.delete(id);
        if (delivery.done) return;
        if (wait === undefined) this.lost.push(delivery.payload);
        else this.#deliver(delivery);
      });
    });
  }
}
