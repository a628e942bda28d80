/** One AbortSignal for SIGINT and SIGTERM: what a role's main waits on. */

export interface StopSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Aborts on the first SIGINT or SIGTERM with an Error that names it. Disposing gives both signals their old meaning
 * back. Later signals change nothing: stopping is under way and has its own deadline.
 */
export function stopSignal(): StopSignal {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => controller.abort(new Error(`stopped by ${name}`));
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    },
  };
}
