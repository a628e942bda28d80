import { expect, test } from "bun:test";
import { TurnQueue } from "./queue.ts";
import { TurnStopped } from "./turn-stop.ts";

function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, passed: promise };
}
const PERSON = { by: "operator" } as const;
const noCrash = (error: unknown): never => {
  throw error;
};

test("TurnQueue runs the turns of one conversation in order, one at a time", async () => {
  const queue = new TurnQueue<string, string>(noCrash);
  const seen: string[] = [];
  const gates = [gate(), gate(), gate()];
  const waits = gates.map((each, index) =>
    queue.push("a", "ana", async () => {
      seen.push(`begin ${index}`);
      await each.passed;
      seen.push(`end ${index}`);
    }),
  );
  expect(waits).toEqual([0, 1, 2]);
  gates[2]?.open();
  gates[1]?.open();
  await Promise.resolve();
  expect(seen).toEqual(["begin 0"]);
  gates[0]?.open();
  await Bun.sleep(0);
  expect(seen).toEqual(["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"]);
  expect(queue.isBusy("a")).toBe(false);
});

test("TurnQueue lets other conversations pass a turn that hangs", async () => {
  const queue = new TurnQueue<string, string>(noCrash);
  const hang = gate();
  queue.push("a", "ana", () => hang.passed);
  let ran = false;
  queue.push("b", "ana", async () => {
    ran = true;
  });
  await Bun.sleep(0);
  expect(ran).toBe(true);
  hang.open();
});

test("TurnQueue refuses what is over its bound and runs the rest", async () => {
  const queue = new TurnQueue<string, string>(noCrash, 2);
  const hang = gate();
  let ran = 0;
  const job = async (): Promise<void> => {
    ran += 1;
    await hang.passed;
  };
  expect([1, 2, 3, 4].map(() => queue.push("a", "ana", job))).toEqual([0, 1, 2, "full"]);
  hang.open();
  await Bun.sleep(0);
  expect(ran).toBe(3);
});

test("TurnQueue.end aborts the running turn with its reason and drops what waits", async () => {
  const queue = new TurnQueue<string, string>(noCrash);
  let reason: unknown;
  let ranSecond = false;
  queue.push("a", "ana", async (signal) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve());
    await promise;
    reason = signal.reason;
  });
  queue.push("a", "ana", async () => {
    ranSecond = true;
  });
  expect(queue.end("b", PERSON)).toBe(false);
  expect(queue.end("a", PERSON)).toBe(true);
  await Bun.sleep(0);
  expect(reason).toBeInstanceOf(TurnStopped);
  expect(ranSecond).toBe(false);
  let fresh: AbortSignal | undefined;
  queue.push("a", "ana", async (signal) => {
    fresh = signal;
  });
  await Bun.sleep(0);
  expect(fresh?.aborted).toBe(false);
});

test("TurnQueue.endAllOf ends one person's turns in every lane, and nobody else's", async () => {
  const queue = new TurnQueue<string, string>(noCrash);
  const ran: string[] = [];
  const until = (name: string) => (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      ran.push(name);
      signal.addEventListener("abort", () => resolve());
    });
  queue.push("a", "ana", until("ana in a"));
  queue.push("a", "ana", until("ana again"));
  queue.push("a", "ben", until("ben behind ana"));
  queue.push("b", "ben", until("ben in b"));
  queue.push("b", "ana", until("ana behind ben"));
  queue.endAllOf("ana", PERSON);
  await Bun.sleep(0);
  expect(ran).toEqual(["ana in a", "ben in b", "ben behind ana"]);
  queue.endAllOf("ben", PERSON);
  await Bun.sleep(0);
  expect([queue.isBusy("a"), queue.isBusy("b")]).toEqual([false, false]);
  expect(ran).toHaveLength(3);
});

test("TurnQueue.stop lets what waits come next", async () => {
  const queue = new TurnQueue<string, string>(noCrash);
  const second = Promise.withResolvers<boolean>();
  queue.push(
    "a",
    "ana",
    (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
  );
  queue.push("a", "ana", async (signal) => second.resolve(signal.aborted));
  expect(queue.stop("a", PERSON)).toBe(true);
  expect(await second.promise).toBe(false);
});

test("TurnQueue goes on after a job that threw, and tells of it", async () => {
  const crashes: unknown[] = [];
  const queue = new TurnQueue<string, string>((error) => crashes.push(error));
  let ran = false;
  queue.push("a", "ana", () => Promise.reject(new Error("bug")));
  queue.push("a", "ana", async () => {
    ran = true;
  });
  await Bun.sleep(0);
  expect(ran).toBe(true);
  expect(crashes).toHaveLength(1);
});

test("TurnQueue.close stops everything, waits for it and takes nothing more", async () => {
  const queue = new TurnQueue<string, string>(noCrash);
  let ended = false;
  queue.push("a", "ana", async (signal) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve());
    await promise;
    ended = true;
  });
  await queue.close();
  expect(ended).toBe(true);
  expect(queue.push("a", "ana", async () => {})).toBe("closed");
});
