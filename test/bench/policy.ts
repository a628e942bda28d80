/** Policy decisions per second: every kind of action in turn, with grants, foreign labels and a person's words. */
import { newGrantId } from "#contracts/ids.ts";
import type { Grant } from "#contracts/verdict.ts";
import { systemRandom } from "#runtime/random.ts";
import { type DecisionInput, decide } from "#policy/evaluate.ts";
import { SAMPLES } from "#policy/samples.case.ts";
import { type BenchOptions, type Figure, median, perSecond } from "./figure.ts";

const DECISIONS = 40_000;
const GRANTS = 20;
const SCOPE = { agent: "default", channel: "webchat", person: "p-1" };

/** Whole decisions; there is no bare baseline for a judgement. */
export async function policyDecisions(options: BenchOptions): Promise<readonly Figure[]> {
  const inputs = decisionInputs();
  const turns = Math.ceil((DECISIONS * options.scale) / inputs.length);
  const verdicts = { allow: 0, ask: 0, deny: 0 };
  const run = (): void => {
    for (let turn = 0; turn < turns; turn++) for (const input of inputs) verdicts[decide(input).kind] += 1;
  };
  run();
  const rates: number[] = [];
  for (let round = 0; round < options.rounds; round++) {
    rates.push(await perSecond(turns * inputs.length, run));
  }
  const total = verdicts.allow + verdicts.ask + verdicts.deny;
  const share = (count: number): string => `${Math.round((count / total) * 100)} %`;
  return [
    {
      name: "policy.decide",
      value: median(rates),
      unit: "decisions/s",
      note: `allow ${share(verdicts.allow)}, ask ${share(verdicts.ask)}, deny ${share(verdicts.deny)}`,
    },
  ];
}

function decisionInputs(): readonly DecisionInput[] {
  const grants = Array.from(
    { length: GRANTS },
    (_, at): Grant => ({
      id: newGrantId((count) => systemRandom.bytes(count)),
      actionKey: `spawn_subagent:agent-${at}`,
      ...SCOPE,
      createdMs: 0,
      expiresMs: 2_000,
    }),
  );
  return Object.values(SAMPLES).flatMap((action) =>
    (["public", "personal"] as const).map((secrecy) => ({
      action,
      profile: {
        maxTier: 3,
        allowedHosts: [{ host: "example.com", pathPrefix: "/" }],
        providers: [{ name: "ollama", upTo: "workspace" }],
        deniedKinds: [],
      },
      labels: { origins: secrecy === "public" ? ["owner"] : ["owner", "web"], secrecy },
      askerWords: "please fetch example.com and write what it says to notes.md, then tell ben about it",
      scope: SCOPE,
      grants,
      nowMs: 1_000,
      operator: false,
      interactive: true,
      boxEnforced: true,
      injectionFlags: [],
      pendingApprovals: 0,
    })),
  );
}
