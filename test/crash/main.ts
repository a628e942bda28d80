/**
 * `bun run soak crash [N] [SEED]`: kills until every step of a turn was hit N times (10 by default) in each role, prints
 * the histogram and every breach. Exit 1 when there is one.
 */
import { Campaign, type Round, VICTIMS, type Victim, histogram } from "./campaign.ts";
import { STEPS, type Step } from "./steps.ts";

/** A step that cannot be aimed at exactly is given up after this many kills for each one wanted. */
const TRIES_EACH = 3;
/** A home's whole log is read and verified after each kill, so it may not grow for ever. */
const KILLS_A_HOME = 40;

/** Runs a campaign; resolves to the exit code. */
export async function crashSoak(each: number, seed: number): Promise<number> {
  const random = mulberry(seed);
  const rounds: Round[] = [];
  const tries = new Map<string, number>();
  const hits = (victim: Victim, step: Step): number =>
    rounds.filter((round) => round.victim === victim && round.step === step).length;
  const open = (): { victim: Victim; step: Step }[] =>
    VICTIMS.flatMap((victim) => STEPS.map((step) => ({ victim, step }))).filter(
      ({ victim, step }) =>
        hits(victim, step) < each && (tries.get(`${victim} ${step}`) ?? 0) < each * TRIES_EACH,
    );
  console.log(`seed ${seed}`);
  let campaign = await Campaign.open(random);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => campaign[Symbol.asyncDispose]());
  const began = performance.now();
  for (let left = open(); left.length > 0; left = open()) {
    if (rounds.length > 0 && rounds.length % KILLS_A_HOME === 0) {
      await campaign[Symbol.asyncDispose]();
      campaign = await Campaign.open(random);
    }
    const next = left[Math.floor(random() * left.length)];
    if (next === undefined) break;
    const key = `${next.victim} ${next.step}`;
    tries.set(key, (tries.get(key) ?? 0) + 1);
    const round = await campaign.round(next.victim, next.step);
    rounds.push(round);
    for (const problem of round.problems)
      console.log(`BREACH after ${round.victim} at ${round.step}: ${problem}`);
    if (rounds.length % 20 === 0) console.log(`${rounds.length} kills, ${left.length} cells open`);
  }
  const breaches = rounds.flatMap(({ problems }) => problems).length;
  const left = rounds.flatMap(({ leftOver }) => leftOver);
  console.log(histogram(rounds));
  const seconds = ((performance.now() - began) / 1_000 / Math.max(1, rounds.length)).toFixed(1);
  console.log(`${rounds.length} kills, ${breaches} breaches, ${seconds} s a kill`);
  console.log(`outlived a keeper until its next start: ${JSON.stringify(countOf(left))}`);
  return breaches === 0 ? 0 : 1;
}

function countOf(names: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
}

/** A small generator with a seed, so that a campaign's choices can be made again. */
function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
