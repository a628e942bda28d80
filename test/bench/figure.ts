/**
 * What a bench reports, and how it measures: short runs of ours and of a bare baseline in turn (A B A B), because the
 * machine is never quiet, and the median of them. A figure is a report, never a test: nothing here passes or fails.
 */
export interface Figure {
  readonly name: string;
  /** `null` when it was not measured; `note` says why. */
  readonly value: number | null;
  readonly unit: string;
  /** The bare baseline of the same run, in the same unit. */
  readonly baseline?: number;
  /** `value` against `baseline`: the median over the pairs of runs. */
  readonly ratio?: number;
  readonly aim?: Aim;
  readonly note?: string;
}

export interface Aim {
  readonly of: "ratio" | "value";
  readonly bound: "at_least" | "at_most";
  readonly at: number;
}

export interface BenchOptions {
  /** Pairs of runs. */
  readonly rounds: number;
  /** Multiplies the size of each run; 1 keeps the whole bench under two minutes. */
  readonly scale: number;
  /** A folder for this run's files; the caller removes it. */
  readonly folder: string;
  /** The compiled program; benches that need it say so when it is missing. */
  readonly binary: string;
}

export type Bench = (options: BenchOptions) => Promise<readonly Figure[]>;

/** The middle value; the mean of the two middle ones for an even count. @throws RangeError for no values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Quantile by linear interpolation. @throws RangeError for no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  if (low === undefined || high === undefined) throw new RangeError("a quantile of no values");
  return low + (high - low) * (at - Math.floor(at));
}

export interface Compared {
  readonly value: number;
  readonly baseline: number;
  readonly ratio: number;
}

/** Runs ours and the baseline in turn, once unmeasured and then `rounds` times. */
export async function compare(
  rounds: number,
  ours: () => number | Promise<number>,
  bare: () => number | Promise<number>,
): Promise<Compared> {
  const pairs: { readonly ours: number; readonly bare: number }[] = [];
  await bare();
  await ours();
  for (let round = 0; round < rounds; round++) {
    const first = await bare();
    pairs.push({ bare: first, ours: await ours() });
  }
  return {
    value: median(pairs.map((pair) => pair.ours)),
    baseline: median(pairs.map((pair) => pair.bare)),
    ratio: median(pairs.map((pair) => pair.ours / pair.bare)),
  };
}

/** Calls per second of `count` calls of `work`. */
export async function perSecond(count: number, work: () => unknown): Promise<number> {
  const start = Bun.nanoseconds();
  await work();
  return count / ((Bun.nanoseconds() - start) / 1e9);
}

/** A figure that could not be taken, with the reason. */
export function notMeasured(name: string, unit: string, note: string): Figure {
  return { name, value: null, unit, note: `not measured: ${note}` };
}
