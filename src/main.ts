/**
 * argv → role. One executable, one role a process; a role's module is loaded when it is asked for, and no other.
 * The only place that ends the process.
 */
import { keepAllowed } from "#host/env.ts";
import { ownArguments } from "#host/self.ts";

// Before anything else: what the caller's environment could change about the runtime is gone.
keepAllowed();

/** Hidden roles are started by the keeper or by the launch stub, never by a person. */
const ROLES: Readonly<Record<string, (words: readonly string[]) => Promise<number>>> = {
  run: async (words) => (await import("./cli/run.ts")).main(words),
  gateway: async (words) => (await import("./gateway/main.ts")).main(words),
  signer: async (words) => (await import("./signer/main.ts")).main(words),
  console: async (words) => (await import("./console/main.ts")).main(words),
  adapter: async (words) => (await import("../adapters/kit/role.ts")).main(words),
  keychain: async (words) => (await import("./vault/keychain-child.ts")).main(words),
  launch: async (words) => (await import("./confine/launch.ts")).main(words),
};

const [word = "", ...rest] = ownArguments();
const role = Object.hasOwn(ROLES, word) ? ROLES[word] : undefined;
const code =
  role === undefined ? await (await import("./cli/main.ts")).main(ownArguments()) : await role(rest);
process.exit(code);
