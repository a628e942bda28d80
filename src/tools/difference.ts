/** The difference between two texts as one unified hunk, for a person who decides. */
import { capMiddle } from "#contracts/visible.ts";

const CONTEXT_LINES = 3;
const DIFFERENCE_BYTES_MAX = 65_536;

/** Empty when both are the same. Lines in common at both ends are left out, but for three. */
export function differenceOf(before: string, after: string): string {
  if (before === after) return "";
  const old = before.split("\n");
  const fresh = after.split("\n");
  const shorter = Math.min(old.length, fresh.length);
  let head = 0;
  while (head < shorter && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail += 1;
  const from = Math.max(0, head - CONTEXT_LINES);
  const oldEnd = Math.min(old.length, old.length - tail + CONTEXT_LINES);
  const freshEnd = Math.min(fresh.length, fresh.length - tail + CONTEXT_LINES);
  const lines = [
    `@@ -${from + 1},${oldEnd - from} +${from + 1},${freshEnd - from} @@`,
    ...old.slice(from, head).map((line) => ` ${line}`),
    ...old.slice(head, old.length - tail).map((line) => `-${line}`),
    ...fresh.slice(head, fresh.length - tail).map((line) => `+${line}`),
    ...old.slice(old.length - tail, oldEnd).map((line) => ` ${line}`),
  ];
  return capMiddle(lines.join("\n"), DIFFERENCE_BYTES_MAX);
}
