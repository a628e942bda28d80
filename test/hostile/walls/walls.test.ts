/** The table role × attack on this kernel: every cell as expected, and every attack real where there is no wall. */
import { afterAll, describe, expect, test } from "bun:test";
import { landlockAbi } from "#confine/landlock.ts";
import { loadLibc } from "#host/libc.ts";
import { accounts, buildBench, surprises } from "./table.ts";

const libc = loadLibc();
const abi = libc === undefined ? 0 : landlockAbi(libc);
const MINUTE_MS = 60_000;

// Without Landlock on the machine the cells cannot hold: the suite's name says so.
describe.skipIf(abi < 6)(`walls (Landlock ABI ${String(abi)}, 6 is needed)`, () => {
  const bench = buildBench();
  afterAll(() => bench[Symbol.dispose]());

  test.each(accounts())(
    "walls hold in every cell as $name",
    async (account) => {
      expect(surprises((await bench.measure(account)).table, account)).toEqual([]);
    },
    MINUTE_MS,
  );

  test(
    "walls that the kernel lacks are said to be missing, and their cells open",
    async () => {
      const [account] = accounts();
      if (account === undefined) throw new Error("no account");
      const { table, status, doctor } = await bench.measure(account, { WALLS_WITHOUT_LANDLOCK: "1" });
      for (const column of ["signer", "console", "adapter", "webchat", "tool"] as const)
        expect([column, table[column]["read the vault"]]).toEqual([column, "reached"]);
      expect(table.adapter["connect to control.sock"]).toBe("E97"); // seccomp still stands
      expect(status.box.enforced).toBe(false);
      const landlock = status.roles.flatMap(({ confinement }) =>
        confinement.filter(({ name }) => name === "landlock"),
      );
      expect(landlock.length).toBeGreaterThan(3);
      expect(landlock.filter(({ inForce }) => inForce)).toEqual([]);
      expect(doctor).toMatch(/landlock/i);
    },
    MINUTE_MS,
  );
});
