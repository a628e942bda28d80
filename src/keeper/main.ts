/**
 * The keeper's entry for `wirken run`: the real effects, and the keeper over them. The CLI says what is
 * happening.
 */
import { hideMemory } from "#confine/stage2.ts";
import { missingMechanisms } from "#confine/status.ts";
import type { Fault } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { Environment } from "#host/env.ts";
import { executableHash } from "#host/executable-hash.ts";
import { dataPaths } from "#host/paths.ts";
import { portHolder } from "#host/port-holder.ts";
import { selfProgram } from "#host/self.ts";
import { systemClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import type { Keychain } from "#vault/keychain.ts";
import { systemKeychain } from "#vault/system-keychain.ts";
import { EndedOrphans, adopt, endDescendants, endLeftovers } from "./descendants.ts";
import type { KeeperEvent } from "./events.ts";
import { exitCodeOf, runKeeper } from "./keeper.ts";
import { processStarter } from "./launch.ts";

/** After the end of a role: what it left behind has ended by the first look. */
const ORPHAN_LOOKS_MS = [3_000, 6_000] as const;

export interface KeeperMain {
  /** Parsed by the caller; its passphrase becomes the keeper's. */
  readonly environment: Environment;
  readonly askPassphrase: () => Promise<SecretString | undefined>;
  /** Said when the keychain takes longer than a second: it may be waiting for a person. */
  readonly onSlowKeychain: () => void;
  readonly onEvent: (event: KeeperEvent) => void;
  /** Why the start failed. */
  readonly onFailure: (fault: Fault) => void;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/** Runs the keeper to its end. Resolves to the exit code: 0 after an orderly stop. */
export async function main(options: KeeperMain): Promise<number> {
  const { environment } = options;
  const hash = executableHash();
  const orphans = new EndedOrphans();
  const result: Result<void, Fault> = hash.ok
    ? await runKeeper({
        ...options,
        onEvent: (event) => {
          options.onEvent(event);
          if (event.kind !== "role" || event.report.state !== "exited") return;
          for (const ms of ORPHAN_LOOKS_MS) systemClock.after(ms, () => orphans.collect());
        },
        keychain: keychainOf(environment, options.onSlowKeychain),
        executableSha256: hash.value,
        clock: systemClock,
        random: systemRandom,
        starter: processStarter({
          ...environment,
          paths: dataPaths(environment.dataDir),
          sha256: hash.value,
        }),
        holderOf: portHolder,
        missingWalls: () => missingMechanisms(),
        self: {
          protect: () => {
            hideMemory();
            adopt();
          },
          endLeftovers: (root, former) => endLeftovers(root, former, systemClock),
          endDescendants: () => endDescendants(systemClock),
        },
      })
    : hash;
  if (!result.ok) options.onFailure(result.error);
  return exitCodeOf(result);
}

/** The system's keychain through the role `keychain` of this executable. */
export function keychainOf(
  environment: Pick<Environment, "terminal" | "home">,
  onSlow: () => void,
): Keychain {
  const { dbusAddress, runtimeDir } = environment.terminal;
  return systemKeychain({
    command: [...selfProgram().command, "keychain"],
    bus: { dbusAddress, runtimeDir, home: environment.home },
    clock: systemClock,
    onSlow,
  });
}
