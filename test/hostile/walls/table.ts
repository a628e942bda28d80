/** Builds the attack program, runs it as this user and as an ordinary one, and judges each cell. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY } from "#test/support/binary.ts";
import { ATTACKS, type AttackName, REACHED } from "./attacks.ts";
import { type Column, COLUMNS } from "./columns.ts";
import { BY_DESIGN, MAY_BE_MISSING, NEEDS_ROOT, ROOTS_ALONE } from "./expected.ts";

export type Table = Readonly<Record<Column, Readonly<Record<string, string>>>>;
/** What a run of the attack program prints. */
export interface Measurement {
  readonly table: Table;
  readonly status: {
    readonly box: { readonly enforced: boolean };
    readonly roles: readonly {
      readonly confinement: readonly { readonly name: string; readonly inForce: boolean }[];
    }[];
  };
  readonly doctor: string;
}
export const ATTACK_NAMES = Object.keys(ATTACKS).filter((name): name is AttackName => name in ATTACKS);

/** Who the attackers and the program run as: always the same user, which is the hard case. */
export interface Account {
  readonly name: string;
  readonly prefix: readonly string[];
}

const NOBODY = 65_534;
const LASTING = "/var/tmp";

/** This user, and where this is root an ordinary one too. */
export function accounts(): readonly Account[] {
  const own = { name: process.getuid?.() === 0 ? "root" : "an ordinary user", prefix: [] };
  const setpriv = Bun.which("setpriv");
  if (own.name !== "root" || setpriv === null) return [own];
  const id = String(NOBODY);
  return [
    own,
    { name: "an ordinary user", prefix: [setpriv, "--reuid", id, "--regid", id, "--clear-groups"] },
  ];
}

/** The compiled attack program beside a copy of the executable, where any user can run both. */
export interface Bench extends Disposable {
  /** Rejects when the run itself failed. */
  measure(account: Account, env?: Readonly<Record<string, string>>): Promise<Measurement>;
}

export function buildBench(): Bench {
  // Not /tmp where there is another: a box has a /tmp of its own, in which anything may be written.
  const folder = mkdtempSync(join(existsSync(LASTING) ? LASTING : tmpdir(), "wx-"));
  chmodSync(folder, 0o755);
  const [program, binary] = [join(folder, "walls"), join(folder, "wirken")];
  copyFileSync(BINARY, binary);
  const source = join(import.meta.dir, "walls.ts");
  const built = Bun.spawnSync([process.execPath, "build", "--compile", source, "--outfile", program]);
  if (built.exitCode !== 0) throw new Error(`the attack program was not built: ${built.stderr.toString()}`);
  return {
    measure: async ({ prefix }, env = {}) => {
      const home = join(folder, `h${String(prefix.length)}`);
      mkdirSync(home, { mode: 0o777, recursive: true });
      chmodSync(home, 0o777);
      const run = Bun.spawn([...prefix, program], {
        cwd: home,
        env: { PATH: "/usr/bin:/bin", HOME: home, TMPDIR: home, WIRKEN_TEST_BINARY: binary, ...env },
        stdout: "pipe",
        stderr: "pipe",
      });
      const [out, err, code] = await Promise.all([
        new Response(run.stdout).text(),
        new Response(run.stderr).text(),
        run.exited,
      ]);
      if (code !== 0) throw new Error(`the attacks did not run: ${err}`);
      const measurement: Measurement = JSON.parse(out);
      return measurement;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export type Cell = "holds" | "by design" | "OPEN" | "no longer open";

/** A cell against what is expected of it. */
export function judged(table: Table, column: Exclude<Column, "no walls">, attack: AttackName): Cell {
  const isOpen = table[column][attack]?.startsWith(REACHED) === true;
  const expected = BY_DESIGN[column][attack] !== undefined;
  if (isOpen) return expected ? "by design" : "OPEN";
  return expected ? "no longer open" : "holds";
}

/** Cells that are not as expected, and attacks that reach nothing even where there is no wall: those prove nothing. */
export function surprises(table: Table, account: Account): readonly string[] {
  const isRoot = account.name === "root";
  const cells = COLUMNS.flatMap((column) =>
    column === "no walls"
      ? []
      : ATTACK_NAMES.map((attack) => ({ column, attack, cell: judged(table, column, attack) }))
          .filter(({ cell }) => cell === "OPEN" || cell === "no longer open")
          .filter(({ attack, cell }) => cell === "OPEN" || isRoot || !ROOTS_ALONE.includes(attack))
          .map(
            ({ attack, cell }) => `${column}: ${attack}: ${cell} (${table[column][attack] ?? "not tried"})`,
          ),
  );
  const excused = [...MAY_BE_MISSING, ...(isRoot ? [] : NEEDS_ROOT)];
  const blunt = ATTACK_NAMES.filter(
    (attack) => !excused.includes(attack) && table["no walls"][attack]?.startsWith(REACHED) !== true,
  );
  return [
    ...cells,
    ...blunt.map((attack) => `no walls: ${attack}: ${table["no walls"][attack] ?? "not tried"}`),
  ];
}
