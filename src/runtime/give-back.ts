/**
 * Memory that a role's start needs and its life does not (parsed modules, the hand-off, the keeper's vault): an idle
 * role allocates so little that its collector would hold on to it for hours. The only home of `Bun.gc`.
 */
import type { Clock } from "./clock.ts";

/** A start is over by then, and what it left is garbage. */
const AFTER_START_MS = 2_000;

/** Collects once, a moment from now; the process stands still meanwhile, for about ten milliseconds. */
export function giveBackAfterStart(clock: Clock, collect: () => void = () => Bun.gc(true)): void {
  clock.after(AFTER_START_MS, collect);
}
