/**
 * Whether the box is enforced here: not what the system claims to have, but a box that was run and looked at from the
 * inside. `boxed_exec` exists only where this passes.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { capMiddle, visibleLine } from "#contracts/visible.ts";
import { boxPlan } from "#confine/box-plan.ts";
import { ensureFolder } from "#host/files.ts";
import { type RunPorts, runBoxed } from "./boxed-run.ts";

const SHELL = "/bin/sh";
const PASSED = "box holds";
const SAID_BYTES_MAX = 300;

/** Each line ends the test with a number of its own; a shell's own words alone, so that it needs no other program. */
const SCRIPT = `
test "$$" = 1 || exit 101
test ! -e ../secret || exit 102
(: > /usr/.wirken) 2>/dev/null && exit 103
(: > /.wirken) 2>/dev/null && exit 104
(: > /tmp/w) || exit 105
(: > "$HOME/w") || exit 106
(: > w) || exit 107
while read -r name value rest; do
  case "$name" in
    NoNewPrivs:) test "$value" = 1 || exit 108 ;;
    CapEff:|CapPrm:|CapBnd:) test "$value" = 0000000000000000 || exit 109 ;;
    Seccomp:) test "$value" = 2 || exit 110 ;;
    Seccomp_filters:) test "$value" -ge 2 || exit 111 ;;
  esac
done < /proc/self/status
for link in /proc/[0-9]*; do test "$link" = /proc/1 || exit 112; done
while read -r face where rest; do test "$face" = Iface || exit 113; done < /proc/self/net/route
echo ${PASSED}
`;

/** What each number means, as the rest of "the box does not hold here: …". */
const FOUND: Readonly<Record<number, string>> = {
  101: "it shares our processes",
  102: "it sees files outside the workspace",
  103: "it can change the system",
  104: "it can change its own root",
  105: "it has no temporary folder",
  106: "it cannot write its home",
  107: "it cannot write the workspace",
  108: "it could gain rights",
  109: "it has capabilities",
  110: "there is no system call filter",
  111: "a system call filter is missing",
  112: "it sees other processes",
  113: "it has a way into a network",
};

/** Runs a box in a folder of its own below `folder`, which is removed again. Fails with why it does not hold. */
export async function selfTest(
  folder: string,
  ports: Omit<RunPorts, "signal" | "onOutput" | "door">,
): Promise<Result<void, Fault>> {
  const probe = join(folder, "box-test");
  const made = ensureFolder(probe);
  if (!made.ok) return made;
  try {
    mkdirSync(join(probe, "workspace"), { recursive: true, mode: 0o700 });
    writeFileSync(join(probe, "secret"), "", { mode: 0o600 });
    let said = "";
    const plan = boxPlan({
      paths: { workspace: () => join(probe, "workspace"), boxHome: () => join(probe, "home") },
      agent: "",
      folders: [],
      program: SHELL,
      argv: [SHELL, "-c", SCRIPT],
      cwd: ".",
      network: false,
    });
    const report = await runBoxed(plan, {
      ...ports,
      signal: new AbortController().signal,
      onOutput: async (bytes) => {
        said += new TextDecoder().decode(bytes);
      },
    });
    if (!report.ok) return report;
    if (report.value.code === 0 && said.trim() === PASSED) return ok(undefined);
    const found = FOUND[report.value.code ?? 0];
    return fail("unsupported", found ?? visibleLine(capMiddle(said.trim(), SAID_BYTES_MAX)), {
      reason: "box",
    });
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}
