/** A bounded number of things on their way; whoever comes above it waits in line. */
export interface Slots {
  /** Resolves when a slot is free and taken. */
  take(): Promise<void>;
  /** Gives a slot back: the first in line gets it. */
  free(): void;
}

/** `count` slots. */
export function slots(count: number): Slots {
  const line: (() => void)[] = [];
  let left = count;
  return {
    take: () => {
      if (left === 0) return new Promise((resolve) => line.push(resolve));
      left -= 1;
      return Promise.resolve();
    },
    free: () => {
      const next = line.shift();
      if (next === undefined) left += 1;
      else next();
    },
  };
}
