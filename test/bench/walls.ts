/**
 * What walls add: a request through the broker against the same request sent directly, and the start of a role under its
 * launch plan (limits, Landlock, a filter of system calls) against the bare executable.
 */
import { existsSync } from "node:fs";
import { brokerLab, rule } from "#broker/lab.case.ts";
import { launchRole } from "#confine/start.ts";
import type { LaunchPlan } from "#confine/plan.ts";
import { SYSTEM_RULES, selfRules } from "#confine/system-paths.ts";
import { loadLibc } from "#host/libc.ts";
import { type Bench, type BenchOptions, type Figure, compare, notMeasured } from "./figure.ts";

const REQUESTS_PER_ROUND = 200;
const STARTS_PER_ROUND = 6;

/** Milliseconds of a request and of a start, each with its walls and without. */
export const walls: Bench = async (options) => [await proxied(options), ...(await started(options))];

async function proxied({ rounds, scale }: BenchOptions): Promise<Figure> {
  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("x".repeat(1_024)) });
  const port = server.port ?? 0;
  await using lab = await brokerLab([rule({ scheme: "http", host: "lab.example", port })]);
  const requests = Math.max(1, Math.round(REQUESTS_PER_ROUND * scale));
  const through = { proxy: `http://127.0.0.1:${String(lab.port)}`, keepalive: false };
  const ask = async (url: string, init: BunFetchRequestInit): Promise<void> => {
    const answer = await fetch(url, init);
    if ((await answer.text()).length !== 1_024) throw new Error("bench: another answer");
  };
  const { value, baseline, ratio } = await compare(
    rounds,
    () => msOf(requests, () => ask(`http://lab.example:${String(port)}/`, through)),
    () => msOf(requests, () => ask(`http://127.0.0.1:${String(port)}/`, { keepalive: false })),
  );
  const note =
    "1 KiB, a connection each; client, broker and server in one process; the row of the verdict not counted";
  return { name: "request.proxied", unit: "ms", value, baseline, ratio, note };
}

async function started(options: BenchOptions): Promise<readonly Figure[]> {
  const { binary } = options;
  const why = !existsSync(binary)
    ? "dist/wirken is missing"
    : loadLibc() === undefined
      ? "no launch stub here"
      : "";
  if (why !== "") return [notMeasured("start.confined", "ms", why)];
  return [await start(options)];
}

async function start({ rounds, binary, folder }: BenchOptions): Promise<Figure> {
  const self = { command: [binary], sourceRoot: undefined } as const;
  const plan: LaunchPlan = {
    role: "console",
    args: ["--version"],
    env: {},
    cwd: "/",
    paths: [...SYSTEM_RULES, ...selfRules(self)],
    network: { connect: [], bind: [], sockets: "none" },
    unixSockets: "none",
    startsPrograms: false,
    limits: { openFiles: 4_096 },
    handoff: [],
    required: true,
  };
  const confined = async (): Promise<void> => {
    const ended = Promise.withResolvers<number | undefined>();
    const child = await launchRole(plan, {
      dataRoot: folder,
      handoff: new Map(),
      self,
      onExit: ({ code }) => ended.resolve(code),
    });
    if (!child.ok) throw new Error(child.error.message);
    const code = await ended.promise;
    if (code !== 0) throw new Error(`bench: the confined program ended with ${String(code)}`);
  };
  const bare = async (): Promise<void> => {
    await Bun.spawn([binary, "--version"], { env: {}, cwd: "/", stdout: "ignore", stderr: "ignore" }).exited;
  };
  const { value, baseline, ratio } = await compare(
    rounds,
    () => msOf(STARTS_PER_ROUND, confined),
    () => msOf(STARTS_PER_ROUND, bare),
  );
  const note = "the launch stub, then the program; bare: the program alone";
  return { name: "start.confined", unit: "ms", value, baseline, ratio, note };
}

/** Milliseconds of one call, over a number of them. */
async function msOf(count: number, call: () => Promise<void>): Promise<number> {
  const begun = Bun.nanoseconds();
  for (let at = 0; at < count; at++) await call();
  return (Bun.nanoseconds() - begun) / 1e6 / count;
}
