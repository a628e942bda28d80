/**
 * The only home of `process.env`: what the program takes from its environment, parsed once, and what it throws away.
 * The names are fixed (issue "The spine", names that stay); nothing else in the environment changes behaviour.
 */
import { isAbsolute, join, resolve } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretString } from "#contracts/secret.ts";

/** An environment as the system hands it over. */
export type RawEnvironment = Record<string, string | undefined>;

export interface TerminalFacts {
  /** True when the session came over SSH. */
  readonly ssh: boolean;
  /** True where a browser could be opened: an X or Wayland display. macOS has one unless it came over SSH. */
  readonly display: boolean;
  readonly term: string | undefined;
  readonly noColor: boolean;
  /** Where the keychain's bus is; only the keychain's child is given these two. */
  readonly dbusAddress: string | undefined;
  readonly runtimeDir: string | undefined;
  /** What a browser needs to find the person's screen. */
  readonly x11Display: string | undefined;
  readonly waylandDisplay: string | undefined;
}

export interface Environment {
  /** Absolute path of the data folder. */
  readonly dataDir: string;
  readonly home: string | undefined;
  readonly webchatPort: number;
  readonly consolePort: number;
  /** Taken out of the environment; the caller owns and disposes it. */
  readonly passphrase: SecretString | undefined;
  readonly terminal: TerminalFacts;
}

const WEBCHAT_PORT = 18_790;
const CONSOLE_PORT = 18_791;
const PASSPHRASE = "WIRKEN_VAULT_PASSPHRASE";

/**
 * Names that stay when a process of ours starts. Everything else goes, above all what changes how a runtime behaves:
 * BUN_*, NODE_*, proxy variables, SSL_CERT_*, NAPI_RS_*, LD_* (docs: design of the single executable).
 */
export const ALLOWED_NAMES: readonly string[] = [
  "WIRKEN_DATA_DIR",
  "WIRKEN_WEBCHAT_PORT",
  "WIRKEN_CONSOLE_PORT",
  PASSPHRASE,
  "HOME",
  "PATH",
  "USER",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "TZ",
  "TERM",
  "NO_COLOR",
  "SSH_CONNECTION",
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "DBUS_SESSION_BUS_ADDRESS",
  "XDG_RUNTIME_DIR",
];

/** A fixed search path: no folder that a caller could have put in front. */
export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Deletes every name outside the allow-list from `env`. The first statement of every role.
 * @returns how many names were deleted.
 */
export function keepAllowed(env: RawEnvironment = process.env): number {
  let dropped = 0;
  for (const name of Object.keys(env)) {
    if (ALLOWED_NAMES.includes(name)) continue;
    delete env[name];
    dropped += 1;
  }
  return dropped;
}

/**
 * Parses the environment. The passphrase is moved out of `env` into a secret: later reads and children do not see it.
 * The kernel's own copy (`/proc/self/environ`) stays; the keeper therefore starts itself again without the variable.
 */
export function readEnvironment(env: RawEnvironment = process.env): Result<Environment, Fault> {
  const passphrase = takePassphrase(env);
  const home = filled(env["HOME"]);
  const dataDir = dataDirOf(env, home);
  if (!dataDir.ok) return dataDir;
  const webchatPort = portOf(env, "WIRKEN_WEBCHAT_PORT", WEBCHAT_PORT);
  if (!webchatPort.ok) return webchatPort;
  const consolePort = portOf(env, "WIRKEN_CONSOLE_PORT", CONSOLE_PORT);
  if (!consolePort.ok) return consolePort;
  if (webchatPort.value === consolePort.value) {
    return fail("config", "WIRKEN_WEBCHAT_PORT and WIRKEN_CONSOLE_PORT must differ");
  }
  return ok({
    dataDir: dataDir.value,
    home,
    webchatPort: webchatPort.value,
    consolePort: consolePort.value,
    passphrase,
    terminal: terminalFacts(env),
  });
}

/** What is left of the environment, for a program that replaces this one: allowed names, without the passphrase. */
export function remainingEnvironment(env: RawEnvironment = process.env): Readonly<Record<string, string>> {
  const left = ALLOWED_NAMES.flatMap((name) => {
    const text = name === PASSPHRASE ? undefined : env[name];
    return text === undefined ? [] : [[name, text] as const];
  });
  return Object.fromEntries(left);
}

/** The terminal's facts alone. */
export function terminalFacts(env: RawEnvironment = process.env): TerminalFacts {
  const ssh = filled(env["SSH_CONNECTION"]) !== undefined;
  const x11Display = filled(env["DISPLAY"]);
  const waylandDisplay = filled(env["WAYLAND_DISPLAY"]);
  return {
    ssh,
    x11Display,
    waylandDisplay,
    display:
      x11Display !== undefined || waylandDisplay !== undefined || (process.platform === "darwin" && !ssh),
    term: filled(env["TERM"]),
    noColor: filled(env["NO_COLOR"]) !== undefined,
    dbusAddress: filled(env["DBUS_SESSION_BUS_ADDRESS"]),
    runtimeDir: filled(env["XDG_RUNTIME_DIR"]),
  };
}

function takePassphrase(env: RawEnvironment): SecretString | undefined {
  const text = env[PASSPHRASE];
  delete env[PASSPHRASE];
  return text === undefined || text === "" ? undefined : SecretString.take(new TextEncoder().encode(text));
}

function dataDirOf(env: RawEnvironment, home: string | undefined): Result<string, Fault> {
  const given = filled(env["WIRKEN_DATA_DIR"]);
  if (given !== undefined) {
    if (given.includes("\0")) return fail("config", "WIRKEN_DATA_DIR is not a path");
    return ok(resolve(given));
  }
  if (home === undefined || !isAbsolute(home)) {
    return fail("config", "there is no home folder to keep data in", { hint: "set WIRKEN_DATA_DIR" });
  }
  return ok(join(home, ".wirken"));
}

function portOf(env: RawEnvironment, name: string, otherwise: number): Result<number, Fault> {
  const text = filled(env[name]);
  if (text === undefined) return ok(otherwise);
  const port = Number(text);
  if (!/^[1-9][0-9]{0,4}$/.test(text) || port > 65_535) {
    return fail("config", `${name} is not a port number from 1 to 65535`);
  }
  return ok(port);
}

function filled(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}
