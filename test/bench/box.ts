/**
 * What the box adds to a call: `exec true` in the workspace of an agent, from the order to its end (the folder is kept,
 * the box built, the run guarded, the folder compared), against the same program started bare. And the same with a
 * thousand files in the workspace, which are looked at twice.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BoxDesk } from "#box/desk.ts";
import { boxPlan } from "#confine/box-plan.ts";
import { namespacePrefix } from "#confine/namespaces.ts";
import { planDigest } from "#confine/plan-digest.ts";
import { dataPaths } from "#host/paths.ts";
import { systemClock } from "#runtime/clock.ts";
import { type BenchOptions, type Figure, compare, notMeasured } from "./figure.ts";

const CALLS_PER_ROUND = 6;
const MANY_FILES = 1_000;
const ADDED_MS_MAX = 30;
const PROGRAM = "/usr/bin/true";

/** Milliseconds that a boxed call takes beyond the bare program. */
export async function boxedExec(options: BenchOptions): Promise<readonly Figure[]> {
  const prefix = namespacePrefix("no proc");
  if (!prefix.ok) return [notMeasured("exec.true.boxed", "ms", prefix.error.message)];
  if (!existsSync(options.binary)) return [notMeasured("exec.true.boxed", "ms", "dist/wirken is missing")];
  return [
    await figure(options, prefix.value, "exec.true.boxed", 0),
    await figure(options, prefix.value, `exec.true.boxed.${String(MANY_FILES)}_files`, MANY_FILES),
  ];
}

async function figure(
  { folder, binary, rounds }: BenchOptions,
  prefix: readonly [string, ...string[]],
  name: string,
  files: number,
): Promise<Figure> {
  const paths = dataPaths(join(folder, name));
  const workspace = paths.workspace("default");
  mkdirSync(workspace, { recursive: true, mode: 0o700 });
  for (let at = 0; at < files; at++) writeFileSync(join(workspace, `f${String(at)}`), String(at));
  let refused = "";
  const desk = new BoxDesk({
    paths,
    clock: systemClock,
    self: { command: [binary], sourceRoot: undefined },
    prefix,
    send: (message) => {
      if (message.kind === "refused" || (message.kind === "ended" && message.report.code !== 0)) {
        refused = JSON.stringify(message);
      }
    },
    door: -1,
    drained: () => Promise.resolve(),
  });
  let id = 0;
  const facts = { agent: "default", argv: ["true"] as const, cwd: ".", program: PROGRAM, network: false };
  const boxed = async (): Promise<void> => {
    id += 1;
    const plan = planDigest(boxPlan({ ...facts, paths, folders: [] }));
    await desk.take({ ...facts, kind: "run", id, plan, argv: ["true"] });
  };
  const bare = async (): Promise<void> => {
    await Bun.spawn([PROGRAM], { env: {}, cwd: workspace, stdout: "pipe", stderr: "pipe" }).exited;
  };
  const compared = await compare(
    rounds,
    () => msOf(boxed),
    () => msOf(bare),
  );
  if (refused !== "") return notMeasured(name, "ms", refused);
  return {
    name,
    unit: "ms",
    value: compared.value - compared.baseline,
    baseline: compared.baseline,
    ...(files === 0 ? { aim: { of: "value", bound: "at_most", at: ADDED_MS_MAX } as const } : {}),
    note: "added to the bare program, which is the baseline",
  };
}

/** Milliseconds of one call, over a few. */
async function msOf(call: () => Promise<void>): Promise<number> {
  const start = Bun.nanoseconds();
  for (let at = 0; at < CALLS_PER_ROUND; at++) await call();
  return (Bun.nanoseconds() - start) / 1e6 / CALLS_PER_ROUND;
}
