/** A door that others wait at until it is opened: peers start only while the gateway listens. */
export class Gate {
  #open = false;
  #waiting = Promise.withResolvers<void>();

  get isOpen(): boolean {
    return this.#open;
  }

  open(): void {
    this.#open = true;
    this.#waiting.resolve();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#waiting = Promise.withResolvers<void>();
  }

  /** Resolves when the gate is open or `signal` aborts, whichever comes first. */
  async passed(signal: AbortSignal): Promise<void> {
    if (this.#open || signal.aborted) return;
    const aborted = Promise.withResolvers<void>();
    const stop = (): void => aborted.resolve();
    signal.addEventListener("abort", stop, { once: true });
    await Promise.race([this.#waiting.promise, aborted.promise]);
    signal.removeEventListener("abort", stop);
  }
}
