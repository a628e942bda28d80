/** Runs tasks with the same key one after the other, and those of other keys beside them. */
export class Serial<Key> {
  readonly #tails = new Map<Key, { readonly done: Promise<unknown>; waiting: number }>();
  readonly #waitingMax: number;

  /** `waitingMax`: tasks of one key that may wait; more are refused. */
  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  /** Runs `task` after those before it; `undefined` when too many wait. A rejected task does not stop the next. */
  run<T>(key: Key, task: () => Promise<T>): Promise<T> | undefined {
    const tail = this.#tails.get(key);
    const waiting = (tail?.waiting ?? 0) + 1;
    if (waiting > this.#waitingMax) return undefined;
    const result = (tail?.done ?? Promise.resolve()).then(task, task);
    const entry = { done: result, waiting };
    this.#tails.set(key, entry);
    const finish = (): void => {
      const last = this.#tails.get(key);
      if (last === entry) this.#tails.delete(key);
      else if (last !== undefined) last.waiting -= 1;
    };
    result.then(finish, finish);
    return result;
  }

  /** Resolves when everything that was put in has ended. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#tails.values()].map((tail) => tail.done));
  }
}
