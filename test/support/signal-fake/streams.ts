/**
 * signal-cli's event streams: every listener is sent every message once; while nobody listens they wait with Signal's
 * servers (`--receive-mode on-connection`). A numbered one keeps its last thousand and says them again from an id on.
 */
import type { Clock } from "#runtime/clock.ts";

const KEEP_ALIVE_MS = 15_000;
const KEPT_MAX = 1_000;

interface Numbered {
  readonly number: number;
  readonly data: string;
}

interface Listener {
  send(text: string): void;
  end(): void;
}

export class EventStreams {
  readonly #clock: Clock;
  readonly #numbered: boolean;
  readonly #listeners = new Set<Listener>();
  readonly #kept: Numbered[] = [];
  #waiting: string[] = [];
  #next = 1;
  /** The header of every listener, in order. */
  readonly askedFrom: (string | null)[] = [];

  constructor(clock: Clock, numbered: boolean) {
    this.#clock = clock;
    this.#numbered = numbered;
  }

  get listening(): number {
    return this.#listeners.size;
  }

  push(data: string): void {
    if (this.#listeners.size === 0) this.#waiting.push(data);
    else this.#say(data);
  }

  /** Ends all streams, as a daemon that stops. */
  endAll(): void {
    for (const listener of this.#listeners) listener.end();
  }

  /** Writes bytes to every listener, as no signal-cli would. */
  sayRaw(text: string): void {
    for (const listener of this.#listeners) listener.send(text);
  }

  /** Streams stay open and say nothing more, as behind a network that lost them. */
  fallSilent(): void {
    this.#listeners.clear();
  }

  open(from: string | null, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
    this.askedFrom.push(from);
    const encoder = new TextEncoder();
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        let cancel = (): void => undefined;
        let isOpen = true;
        const listener: Listener = {
          send: (text) => controller.enqueue(encoder.encode(text)),
          end: () => {
            cancel();
            this.#listeners.delete(listener);
            if (isOpen) controller.close();
            isOpen = false;
          },
        };
        const beat = (): void => {
          if (!this.#listeners.has(listener)) return;
          listener.send(":\n");
          cancel = this.#clock.after(KEEP_ALIVE_MS, beat);
        };
        cancel = this.#clock.after(KEEP_ALIVE_MS, beat);
        signal?.addEventListener("abort", () => {
          cancel();
          this.#listeners.delete(listener);
          if (isOpen) controller.error(new Error("aborted"));
          isOpen = false;
        });
        this.#listeners.add(listener);
        if (this.#numbered && from !== null) {
          const last = Number(/^\d+$/.exec(from)?.[0] ?? "0");
          for (const event of this.#kept) if (event.number > last) listener.send(this.#textOf(event));
        }
        for (const data of this.#waiting.splice(0)) this.#say(data);
      },
    });
  }

  #say(data: string): void {
    const event = { number: this.#next++, data };
    this.#kept.push(event);
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
    for (const listener of this.#listeners) listener.send(this.#textOf(event));
  }

  #textOf({ number, data }: Numbered): string {
    return `${this.#numbered ? `id:${number}\n` : ""}event:receive\ndata:${data}\n\n`;
  }
}
