/**
 * The last events by key, bounded: catches what a platform delivers twice in a row. The gateway's log is the
 * authority.
 */
export interface RecentKeys {
  has(key: string): boolean;
  add(key: string): void;
}

/** Remembers the last `max` keys; the oldest go first. */
export function recentKeys(max: number): RecentKeys {
  const keys = new Set<string>();
  return {
    has: (key) => keys.has(key),
    add: (key) => {
      keys.delete(key);
      keys.add(key);
      for (const oldest of keys) {
        if (keys.size <= max) break;
        keys.delete(oldest);
      }
    },
  };
}
