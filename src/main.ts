/**
 * argv → role. One executable, one role a process; a role's module is loaded when it is asked for, and no other.
 * The only place that ends the process.
 */
import { FAULT_EXIT } from "#contracts/fault.ts";
import { HANDOFF_NAMES, type KeptRole } from "#contracts/handoff.ts";
import { VERSION } from "#contracts/version.ts";
import { keepAllowed } from "#host/env.ts";
import { writePlainLine } from "#host/plain-line.ts";
import { ownArguments } from "#host/own-arguments.ts";

// Before anything else: what the caller's environment could change about the runtime is gone.
keepAllowed();

type Role = (words: readonly string[]) => Promise<number>;

/** Hidden roles are started by the keeper or by the launch stub, never by a person. */
const ROLES: Readonly<Record<string, Role>> = {
  run: async (words) => (await import("./run-role.ts")).main(words),
  gateway: confined("gateway", async () => (await import("./gateway/main.ts")).main(handed("gateway"))),
  signer: confined("signer", async () => (await import("./signer/main.ts")).main([])),
  console: confined("console", async () => (await import("./console/main.ts")).main(handed("console"))),
  adapter: confined("adapter", async () =>
    (await import("../adapters/kit/role.ts")).main({
      ...handed("adapter"),
      adapters: {
        webchat: async () => (await import("../adapters/webchat/main.ts")).webchat,
        telegram: async () => (await import("../adapters/telegram/main.ts")).telegram,
        signal: async () => (await import("../adapters/signal/main.ts")).signal,
        matrix: async () => (await import("../adapters/matrix/main.ts")).matrix,
        whatsapp: async () => (await import("../adapters/whatsapp/main.ts")).whatsapp,
        googlechat: async () => (await import("../adapters/googlechat/main.ts")).googlechat,
        discord: async () => (await import("../adapters/discord/main.ts")).discord,
        slack: async () => (await import("../adapters/slack/main.ts")).slack,
      },
    }),
  ),
  "mcp-proxy": confined("mcp-proxy", async () => (await import("./mcp/main.ts")).main(handed("mcp-proxy"))),
  box: async () => (await import("./box/main.ts")).main(),
  keychain: async (words) => (await import("./vault/keychain-child.ts")).main(words),
  launch: async (words) => (await import("./confine/launch.ts")).main(words),
};

const [word = "", ...rest] = ownArguments();
// Asked most often by scripts: answered before anything is loaded for it. With further words it is the CLI's.
if (word === "--version" && rest.length === 0)
  process.exit((await writePlainLine(`wirken ${VERSION}`)) ? 0 : FAULT_EXIT.io);
const asksHelp = word === "run" && rest.some((option) => option === "--help" || option === "-h");
const role = Object.hasOwn(ROLES, word) && !asksHelp ? ROLES[word] : undefined;
const code =
  role === undefined ? await (await import("./cli/main.ts")).main(ownArguments()) : await role(rest);
process.exit(code);

/** Confines the process further before the role's module is loaded (docs/ARCHITECTURE.md, confinement). */
function confined(name: KeptRole, start: () => Promise<number>): Role {
  return async () => {
    // Ctrl-C reaches every process of the terminal where roles have no session of their own: the keeper decides.
    process.on("SIGINT", () => undefined);
    const { enterRole } = await import("./confine/stage2.ts");
    const entered = enterRole(name);
    if (!entered.ok) return FAULT_EXIT[entered.error.code];
    const [{ giveBackAfterStart }, { systemClock }] = await Promise.all([
      import("./runtime/give-back.ts"),
      import("./runtime/clock.ts"),
    ]);
    giveBackAfterStart(systemClock);
    return await start();
  };
}

/** The role's own way to its hand-off. */
function handed(name: KeptRole) {
  return {
    readHandoff: async () => {
      const { readHandoff } = await import("./host/handoff.ts");
      const handoff = await readHandoff(HANDOFF_NAMES[name]);
      return handoff.ok
        ? (await import("./host/authorities-file.ts")).takeAuthorities(handoff.value)
        : handoff;
    },
  };
}
