/**
 * Cold starts of the compiled program: `--version` against an empty program compiled with the same options in the same
 * run, and `wirken run` until `wirken ask` has its first answer, without a vault and with a passphrase's.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "#test/source-files.ts";
import { freshHome } from "#test/support/binary.ts";
import { type BenchOptions, type Figure, compare, median, notMeasured } from "./figure.ts";

const STARTS_PER_ROUND = 4;
const ANSWER_MS_MAX = 30_000;
const RUNTIME = join(ROOT, ".cache", "runtimes", `linux-x64-${Bun.version}-disarmed`);

export async function coldStart(options: BenchOptions): Promise<readonly Figure[]> {
  if (!existsSync(options.binary)) {
    return ["cold_start.version", "cold_start.first_answer"].map((name) =>
      notMeasured(name, "ms", "dist/wirken is missing"),
    );
  }
  return [
    await versionStart(options),
    await firstAnswer(options, {}),
    await firstAnswer(options, PASSPHRASE),
  ];
}

const PASSPHRASE = { WIRKEN_VAULT_PASSPHRASE: "a passphrase for the bench alone" } as const;

async function versionStart({ binary, folder, rounds }: BenchOptions): Promise<Figure> {
  const empty = await compileEmpty(join(folder, "empty"));
  const compared = await compare(
    rounds,
    () => startMs([binary, "--version"], folder),
    () => startMs([empty, "--version"], folder),
  );
  return {
    name: "cold_start.version",
    unit: "ms",
    ...compared,
    aim: { of: "ratio", bound: "at_most", at: 1.5 },
    note: "against an empty compiled program",
  };
}

/** The options of build.ts, over a program without a statement. */
async function compileEmpty(outfile: string): Promise<string> {
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, "empty.ts")],
    target: "bun",
    minify: true,
    splitting: true,
    bytecode: true,
    format: "esm",
    compile: {
      outfile,
      ...(existsSync(RUNTIME) ? { executablePath: RUNTIME } : {}),
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
  if (!built.success) throw new AggregateError(built.logs, "the empty program did not compile");
  return outfile;
}

function startMs(command: readonly [string, ...string[]], folder: string): number {
  const taken: number[] = [];
  for (let start = 0; start < STARTS_PER_ROUND; start++) {
    const from = Bun.nanoseconds();
    const ran = Bun.spawnSync([...command], { cwd: folder, env: { HOME: folder } });
    if (ran.exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${String(ran.exitCode)}`);
    taken.push((Bun.nanoseconds() - from) / 1e6);
  }
  return median(taken);
}

/** From the start of `run` to the end of the first `ask` that was answered. */
async function firstAnswer(options: BenchOptions, env: Readonly<Record<string, string>>): Promise<Figure> {
  const taken: number[] = [];
  for (let round = 0; round < Math.min(options.rounds, 3); round++) {
    taken.push(await answerMs(options.binary, env));
  }
  const withVault = Object.keys(env).length > 0;
  return {
    name: `cold_start.first_answer.${withVault ? "passphrase" : "no_vault"}`,
    value: median(taken),
    unit: "ms",
    ...(withVault ? {} : { aim: { of: "value", bound: "at_most", at: 1_000 } as const }),
    note: withVault ? "the vault is made at this start" : "`run` begun to `ask` ended, both counted",
  };
}

async function answerMs(binary: string, env: Readonly<Record<string, string>>): Promise<number> {
  using home = freshHome(env);
  const from = Bun.nanoseconds();
  const program = Bun.spawn([binary, "run", "--no-open"], {
    cwd: home.folder,
    env: home.env,
    stdio: ["ignore", "ignore", "ignore"],
  });
  try {
    const socket = join(home.data, "sockets", "control.sock");
    while ((Bun.nanoseconds() - from) / 1e6 < ANSWER_MS_MAX) {
      if (!existsSync(socket)) {
        await Bun.sleep(2);
        continue;
      }
      const asked = Bun.spawn([binary, "ask", "-m", "hello"], {
        cwd: home.folder,
        env: home.env,
        stdio: ["ignore", "pipe", "ignore"],
      });
      const text = await new Response(asked.stdout).text();
      if ((await asked.exited) === 0 && text.trim() !== "") return (Bun.nanoseconds() - from) / 1e6;
    }
    throw new Error("bench: no answer came");
  } finally {
    program.kill("SIGTERM");
    await program.exited;
  }
}
