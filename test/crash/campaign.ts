/**
 * Turns that end in a SIGKILL: of one role, at one step, a random moment after the row that begins it. The program holds
 * no fail points that anyone could switch on; what was hit is read from the log afterwards, and the campaign goes on
 * until every step was hit often enough.
 */
import { join } from "node:path";
import { FullLab, type RoleName, kill } from "../support/full-lab.ts";
import { effectsOf, examine, isQuiet } from "./examine.ts";
import { LogWatch } from "./log-watch.ts";
import { STEPS, type Step, StepCounter } from "./steps.ts";

export const VICTIMS = ["gateway", "keeper", "signer", "telegram"] as const;
export type Victim = (typeof VICTIMS)[number];

/** One kill and what was found after it. */
export interface Round {
  readonly victim: Victim;
  /** The last step that was durable when the process died. */
  readonly step: Step;
  readonly problems: readonly string[];
  /** Processes that outlived a killed keeper until the next start, by their first words. */
  readonly leftOver: readonly string[];
}

const SPREAD_MS = 3;
/** How long the model and its stream take: long enough to die in. */
const MODEL_MS = 4;
const ROUND_SECONDS_MAX = 60;
const QUIET_MS = 150;

export class Campaign implements AsyncDisposable {
  readonly #lab: FullLab;
  readonly #said: string[] = [];
  readonly #random: () => number;

  private constructor(lab: FullLab, random: () => number) {
    this.#lab = lab;
    this.#random = random;
  }

  /** `random`: numbers from 0 up to 1. */
  static async open(random: () => number): Promise<Campaign> {
    const lab = await FullLab.open({
      passphrase: "the passphrase of a campaign",
      providerKey: "sk-campaign",
    });
    lab.model.delayMs = MODEL_MS;
    return new Campaign(lab, random);
  }

  /** Kills `victim` near `aim`, waits for the recovery and examines it. */
  async round(victim: Victim, aim: Step): Promise<Round> {
    const lab = this.#lab;
    const pid = await lab.pidOf(victim);
    const approving = this.#approver();
    const step = await this.#killAt(pid, aim);
    const leftOver = victim === "keeper" ? await this.#keeperGone() : [];
    if (victim === "keeper") await lab.start();
    else await lab.until("a new process", () => this.#isBack(victim, pid));
    await lab.settled();
    await this.#quiet();
    await approving.stop();
    const problems = await examine(lab, this.#said);
    // The wait before a restart doubles with each death. A new keeper begins anew, and the gateway has others' waits cut
    // short (`#isBack`); its own takes an orderly start.
    if (victim === "gateway") {
      await lab.stop();
      await lab.start();
    }
    return { victim, step, problems, leftOver };
  }

  /**
   * Kills the keeper while a long command runs, and starts nothing. Resolves to the milliseconds until no process of
   * the program and none of the command is left; then starts again and examines.
   */
  async abandon(): Promise<{ readonly ms: number; readonly problems: readonly string[] }> {
    const lab = this.#lab;
    const word = this.#nextWord();
    lab.say(`linger ${word}`);
    await lab.until("the command", async () => {
      await lab.approveAll();
      return effectsOf(lab).includes(word);
    });
    const begun = performance.now();
    await lab.stop("SIGKILL");
    await lab.until("the end of everything", () => lab.processes().length === 0, 10);
    const ms = performance.now() - begun;
    await lab.start();
    await this.#quiet();
    return { ms, problems: await examine(lab, this.#said) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lab[Symbol.asyncDispose]();
  }

  /** Waits until nothing is under way and nothing more comes: a turn writes its answer after its end. */
  async #quiet(): Promise<void> {
    const lab = this.#lab;
    using watch = new LogWatch(join(lab.home.data, "audit", "audit.db"));
    let [last, since] = [0, performance.now()];
    const isStill = (): boolean => {
      const now = watch.lastId;
      if (now !== last || !isQuiet(lab)) [last, since] = [now, performance.now()];
      return performance.now() - since > QUIET_MS;
    };
    await lab.until("quiet", isStill, ROUND_SECONDS_MAX);
  }

  async #killAt(pid: number, aim: Step): Promise<Step> {
    const lab = this.#lab;
    using watch = new LogWatch(join(lab.home.data, "audit", "audit.db"));
    const word = this.#nextWord();
    let last = watch.lastId;
    const counter = new StepCounter();
    const advance = (): void => {
      for (const row of watch.after(last)) {
        last = row.id;
        counter.take(row);
      }
    };
    // "effect" is no row: it is the time while the command sleeps.
    const trigger = aim === "effect" ? "intent" : aim;
    lab.say(`do ${word}`);
    const deadline = performance.now() + ROUND_SECONDS_MAX * 1_000;
    while (counter.step !== trigger && !isBehind(counter.step, trigger)) {
      if (performance.now() > deadline) throw new Error(`${aim} was not reached; at ${String(counter.step)}`);
      await new Promise((resolve) => setImmediate(resolve));
      advance();
    }
    if (aim === "effect") await Bun.sleep(50 + this.#random() * 50);
    else await spin(this.#random() * SPREAD_MS * this.#random());
    kill(pid);
    advance();
    await gone(pid);
    // What the victim was still writing when it died counts as reached; what others write later does not.
    if (counter.step === "intent" && aim === "effect") return "effect";
    return counter.step ?? "inbound";
  }

  /** True once another process than `pid` does a role's work; meanwhile its wait is cut short, where anybody can be asked. */
  async #isBack(victim: Exclude<Victim, "keeper">, pid: number): Promise<boolean> {
    const now = await this.#lab.pidOf(victim).catch(() => 0);
    if (now === 0 && victim !== "gateway")
      await this.#lab.control("restart", { role: victim }).catch(() => undefined);
    return now !== 0 && now !== pid;
  }

  #nextWord(): string {
    const word = `w${this.#said.length}`;
    this.#said.push(word);
    return word;
  }

  /** Approves what waits, as an operator at the terminal would, until it is stopped. */
  #approver(): { stop(): Promise<void> } {
    const lab = this.#lab;
    const stopped = new AbortController();
    const loop = (async () => {
      while (!stopped.signal.aborted) {
        await lab.approveAll();
        await Bun.sleep(5);
      }
    })();
    return {
      stop: async () => {
        stopped.abort();
        await loop;
      },
    };
  }

  /** A killed keeper takes its roles with it; what is left belongs to a tool run, until the next start ends it. */
  async #keeperGone(): Promise<readonly string[]> {
    const lab = this.#lab;
    await lab.stop("SIGKILL");
    const roles: readonly RoleName[] = ["gateway", "signer", "console", "webchat", "telegram"];
    const isRole = (words: readonly string[]): boolean =>
      roles.some((role) => words[1] === role || (words[1] === "adapter" && words[2] === role));
    await lab.until("the roles' end", () => !lab.processes().some(({ words }) => isRole(words)), 5);
    return lab.processes().map(({ words }) => words.slice(1, 2).join(" "));
  }
}

/** How often each step was hit, as lines: a row a step, a column a victim. */
export function histogram(rounds: readonly Round[]): string {
  const count = (step: Step, victim: Victim): number =>
    rounds.filter((round) => round.step === step && round.victim === victim).length;
  const line = (name: string, cells: readonly (string | number)[]): string =>
    name.padEnd(22) + cells.map((cell) => String(cell).padStart(10)).join("");
  const lines = STEPS.map((step) => {
    const cells = VICTIMS.map((victim) => count(step, victim));
    return line(step, [...cells, cells.reduce((sum, cell) => sum + cell, 0)]);
  });
  return [line("last durable step", [...VICTIMS, "all"]), ...lines].join("\n");
}

function isBehind(step: Step | undefined, aim: Step): boolean {
  return step !== undefined && STEPS.indexOf(step) > STEPS.indexOf(aim);
}

async function spin(ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
}

async function gone(pid: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await Bun.sleep(2);
  }
}
