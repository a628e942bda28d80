/** A few deaths of each role, so that the harness and the rules it holds stay true; the whole campaign is `soak crash`. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { Campaign, VICTIMS, type Victim } from "./campaign.ts";
import { type Step, StepCounter } from "./steps.ts";

setDefaultTimeout(60_000);

const AIMS = {
  gateway: "effect",
  keeper: "effect",
  signer: "turn_ended",
  telegram: "delivery begun",
} as const satisfies Record<Victim, Step>;

let campaign: Campaign;
beforeAll(async () => {
  campaign = await Campaign.open(() => 0.5);
});
afterAll(async () => {
  await campaign[Symbol.asyncDispose]();
});

test.each([...VICTIMS])(
  "SIGKILL of %s in a turn: the log verifies, nothing is lost or done twice",
  async (victim) => {
    const round = await campaign.round(victim, AIMS[victim]);
    expect(round.problems).toEqual([]);
    // A tool run's guard may outlive the keeper for a moment (SECURITY.md); no role may.
    expect(round.leftOver.filter((name) => name !== "launch" && name !== "-c" && name !== "0.1")).toEqual([]);
  },
);

test("SIGKILL of the keeper in a long command: nothing is left within seconds, with nobody to clean up", async () => {
  const { ms, problems } = await campaign.abandon();
  expect(ms).toBeLessThan(5_000);
  expect(problems).toEqual([]);
});

test("StepCounter names the step that a row begins, and passes over lanes", () => {
  const counter = new StepCounter();
  const take = (kind: string, session = "default/telegram/c-1", fields: Record<string, string> = {}): void =>
    counter.take({ id: 1, session, seq: 0, kind, content: "", field: (name) => fields[name] ?? "" });
  take("checkpoint", "_log");
  expect(counter.step).toBeUndefined();
  take("inbound");
  take("adapter_state", "_gateway");
  expect(counter.step).toBe("inbound");
  take("llm_request");
  take("llm_request");
  expect(counter.step).toBe("llm_request 2");
  take("decision", "default/telegram/c-1", { approval: "a-1" });
  expect(counter.step).toBe("decision by a person");
  take("delivery", "default/telegram/c-1", { state: "sending" });
  expect(counter.step).toBe("delivery begun");
});
