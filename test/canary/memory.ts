/** What another process holds in memory, read as root from /proc: only pages that are there, so that nothing is made. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";

const PAGE_BYTES = 4_096;
const PIECE_BYTES = 8 * 1_048_576;
/** More than the longest needle, so that none hides on a border. */
const OVERLAP_BYTES = 1_024;
const PRESENT_OR_SWAPPED = 0xc0;

/** True where this process may read the memory of others that are not dumpable. */
export function mayReadMemory(): boolean {
  return process.platform === "linux" && process.getuid?.() === 0;
}

/** Hands every stretch of private, readable memory of `pid` to `look`. */
export function readMemory(pid: number, look: (piece: Buffer) => void): number {
  let total = 0;
  const memory = openSync(`/proc/${pid}/mem`, "r");
  const pages = openSync(`/proc/${pid}/pagemap`, "r");
  try {
    for (const { from, to } of mappingsOf(pid)) {
      for (const run of presentRuns(pages, from, to)) total += readRun(memory, run, look);
    }
  } finally {
    closeSync(memory);
    closeSync(pages);
  }
  return total;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Writable private mappings that hold something: heap, stacks, anonymous memory. */
function mappingsOf(pid: number): readonly Range[] {
  const found: Range[] = [];
  let current: Range | undefined;
  for (const line of readFileSync(`/proc/${pid}/smaps`, "utf8").split("\n")) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r(.).p /.exec(line);
    if (head !== null) current = { from: Number(`0x${head[1]}`), to: Number(`0x${head[2]}`) };
    else if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) current = undefined;
    const anonymous = /^Anonymous: +(\d+) kB/.exec(line);
    if (anonymous !== null && Number(anonymous[1]) > 0 && current !== undefined) found.push(current);
  }
  return found;
}

function presentRuns(pages: number, from: number, to: number): readonly Range[] {
  const runs: { from: number; to: number }[] = [];
  const room = Buffer.alloc(1_048_576);
  for (let at = from; at < to; at += (room.length / 8) * PAGE_BYTES) {
    const count = Math.min(room.length / 8, (to - at) / PAGE_BYTES);
    const read = readSync(pages, room, 0, count * 8, (at / PAGE_BYTES) * 8);
    for (let page = 0; page < read / 8; page++) {
      if (((room[page * 8 + 7] ?? 0) & PRESENT_OR_SWAPPED) === 0) continue;
      const start = at + page * PAGE_BYTES;
      const last = runs.at(-1);
      if (last !== undefined && last.to === start) last.to += PAGE_BYTES;
      else runs.push({ from: start, to: start + PAGE_BYTES });
    }
  }
  return runs;
}

function readRun(memory: number, { from, to }: Range, look: (piece: Buffer) => void): number {
  let total = 0;
  for (let at = from; at < to; at += PIECE_BYTES) {
    const piece = Buffer.alloc(Math.min(PIECE_BYTES + OVERLAP_BYTES, to - at));
    try {
      const read = readSync(memory, piece, 0, piece.length, at);
      look(piece.subarray(0, read));
      total += Math.min(read, PIECE_BYTES);
    } catch {
      continue; // unmapped meanwhile
    }
  }
  return total;
}
