/**
 * The OS keychain through a child process (`keychain-child.ts`): each call starts one, with a time limit,
 * so that a keychain which waits for a person or for nobody cannot hold the program.
 */
import type { Fault } from "#contracts/fault.ts";
import { LIMITS } from "#contracts/limits.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { type Child, spawnChild } from "#host/spawn.ts";
import type { Clock } from "#runtime/clock.ts";
import { readBounded } from "./bounded-stream.ts";
import { type Keychain, keychainFault } from "./keychain.ts";
import {
  type KeychainAnswer,
  type KeychainRequest,
  WIRE_BYTES_MAX,
  parseAnswer,
  printRequest,
} from "./keychain-wire.ts";

export interface SystemKeychainOptions {
  /** Starts the role `keychain`: our executable's words and the role's name. */
  readonly command: readonly [string, ...string[]];
  /** What the child may know of the environment: where the session's bus is. */
  readonly bus: {
    readonly dbusAddress: string | undefined;
    readonly runtimeDir: string | undefined;
    readonly home: string | undefined;
  };
  readonly clock: Clock;
  /**
   * Called once when a call takes longer than a second: a line for the person says what is being waited
   * for.
   */
  readonly onSlow: () => void;
}

/** The keychain of this system. Faults: `keychain_absent`, `_locked`, `_failed`, `_timeout`, `_tampered`. */
export function systemKeychain(options: SystemKeychainOptions): Keychain {
  const nothing = new Uint8Array();
  return {
    get: async (account) => {
      const answer = await ask(options, { operation: "get", account, secret: nothing });
      if (!answer.ok) return answer;
      return ok(answer.value.status === "done" ? SecretBytes.take(answer.value.secret) : undefined);
    },
    set: async (account, secret) => {
      const copy = secret.use((bytes) => bytes.slice());
      const answer = await ask(options, { operation: "set", account, secret: copy });
      copy.fill(0);
      return answer.ok ? ok(undefined) : answer;
    },
    delete: async (account) => {
      const answer = await ask(options, { operation: "delete", account, secret: nothing });
      return answer.ok ? ok(undefined) : answer;
    },
  };
}

type Answered = Exclude<KeychainAnswer, { status: "failed" }>;

async function ask(
  options: SystemKeychainOptions,
  request: KeychainRequest,
): Promise<Result<Answered, Fault>> {
  const spawned = spawnChild({
    argv: options.command,
    env: environmentOf(options.bus),
    cwd: "/",
    stdin: "pipe",
    stdout: "pipe",
  });
  if (!spawned.ok) return spawned;
  using child = spawned.value;
  let late = false;
  const slow = options.clock.after(LIMITS.keychain_slow_ms, options.onSlow);
  const limit = options.clock.after(LIMITS.keychain_ms_max, () => {
    late = true;
    child.kill("SIGKILL");
  });
  try {
    const bytes = await exchange(child, request);
    if (late) return keychainFault("keychain_timeout");
    const answer = bytes === undefined ? undefined : parseAnswer(bytes);
    if (answer === undefined || !answer.ok) return keychainFault("keychain_failed");
    return answer.value.status === "failed" ? keychainFault(answer.value.reason) : ok(answer.value);
  } finally {
    slow();
    limit();
  }
}

async function exchange(child: Child, request: KeychainRequest): Promise<Uint8Array | undefined> {
  const printed = printRequest(request);
  const sent = await child.write(printed);
  printed.fill(0);
  await child.endInput();
  if (!sent || child.stdout === undefined) return undefined;
  return await readBounded(child.stdout, WIRE_BYTES_MAX);
}

function environmentOf(bus: SystemKeychainOptions["bus"]): Record<string, string> {
  const entries: [string, string | undefined][] = [
    ["DBUS_SESSION_BUS_ADDRESS", bus.dbusAddress],
    ["XDG_RUNTIME_DIR", bus.runtimeDir],
    ["HOME", bus.home],
  ];
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
