/**
 * The zones as data: the whole design in one page. A folder is a zone of trust, an import row is a power.
 * `boundaries.test.ts` reads the rows; `tidy.test.ts` reads the effects.
 */
export interface Zone {
  /** Zones it may import. */
  readonly zones: readonly string[];
  /** Packages it may import; a name ends at the package, subpaths are included. */
  readonly packages: readonly string[];
  /** Runtime built-ins it may import. */
  readonly builtins: readonly string[];
}

const WORDS = ["src/contracts"] as const;
const BASE = ["src/contracts", "src/runtime"] as const;
const TRUSTED = ["src/contracts", "src/runtime", "src/host"] as const;
const ISLAND = ["src/contracts", "adapters/kit"] as const;

export const ZONES = {
  "src/contracts": { zones: [], packages: ["zod"], builtins: [] },
  "src/runtime": { zones: WORDS, packages: [], builtins: ["node:crypto"] },
  "src/ipc": { zones: BASE, packages: [], builtins: ["node:crypto", "node:fs", "node:path"] },
  "src/chain": { zones: WORDS, packages: [], builtins: [] },
  "src/host": {
    zones: BASE,
    packages: [],
    builtins: [
      "bun:sqlite",
      "bun:ffi",
      "node:fs",
      "node:fs/promises",
      "node:path",
      "node:os",
      "node:crypto",
      "node:tls",
    ],
  },
  "src/confine": { zones: TRUSTED, packages: [], builtins: ["bun:ffi", "node:fs", "node:path", "node:os"] },
  "src/policy": { zones: WORDS, packages: [], builtins: [] },
  "src/vault": {
    zones: TRUSTED,
    packages: ["@noble/ciphers", "@napi-rs/keyring", "#keyring-addon"],
    builtins: ["node:crypto", "bun:ffi", "node:fs", "node:os", "node:path"],
  },
  "src/audit": {
    zones: [...TRUSTED, "src/chain"],
    packages: [],
    builtins: ["node:crypto", "node:fs", "node:path"],
  },
  "src/session": { zones: TRUSTED, packages: [], builtins: [] },
  "src/broker": {
    zones: BASE,
    packages: [],
    builtins: ["node:net", "node:tls", "node:stream", "node:crypto"],
  },
  "src/tools": {
    // The policy's grading of command lines: pure, and made again from the action when it is decided about.
    zones: [...TRUSTED, "src/confine", "src/policy", "src/broker"],
    packages: [],
    builtins: ["node:fs", "node:path", "node:dns/promises", "node:crypto"],
  },
  "src/agent": { zones: BASE, packages: [], builtins: [] },
  "src/gateway": {
    zones: [
      ...TRUSTED,
      "src/ipc",
      "src/chain",
      "src/confine",
      "src/policy",
      "src/audit",
      "src/session",
      "src/broker",
      "src/tools",
      "src/agent",
    ],
    packages: ["zod"],
    builtins: ["node:crypto", "node:fs", "node:path", "node:os"],
  },
  "src/keeper": {
    zones: [...TRUSTED, "src/ipc", "src/confine", "src/vault"],
    packages: [],
    builtins: ["node:os", "node:crypto", "node:fs", "node:path"],
  },
  "src/signer": {
    zones: [...TRUSTED, "src/ipc", "src/chain"],
    packages: ["@noble/ciphers"],
    builtins: ["node:crypto"],
  },
  "src/box": {
    zones: [...TRUSTED, "src/ipc", "src/confine"],
    packages: [],
    builtins: ["node:fs", "node:path"],
  },
  "src/mcp": {
    zones: [...TRUSTED, "src/ipc", "src/confine", "src/broker"],
    packages: ["@modelcontextprotocol/sdk"],
    builtins: ["node:crypto", "node:fs", "node:path"],
  },
  "src/pages": { zones: BASE, packages: ["hono"], builtins: [] },
  "src/console": { zones: [...BASE, "src/ipc", "src/pages"], packages: [], builtins: [] },
  "src/cli": {
    zones: [
      ...TRUSTED,
      "src/ipc",
      "src/confine",
      "src/chain",
      "src/audit",
      "src/session",
      "src/vault",
      "src/tools",
      "src/agent",
    ],
    packages: ["citty", "@clack/prompts"],
    builtins: ["node:net", "node:fs", "node:path", "node:os", "node:crypto"],
  },
  "adapters/kit": {
    zones: [...BASE, "src/ipc"],
    packages: ["hono"],
    builtins: ["node:crypto", "node:fs", "node:path", "node:tls"],
  },
  "adapters/discord": { zones: ISLAND, packages: [], builtins: [] },
  "adapters/matrix": { zones: ISLAND, packages: [], builtins: [] },
  "adapters/signal": { zones: ISLAND, packages: [], builtins: [] },
  "adapters/telegram": { zones: ISLAND, packages: ["grammy"], builtins: [] },
  "adapters/whatsapp": { zones: ISLAND, packages: [], builtins: [] },
  "adapters/googlechat": { zones: ISLAND, packages: [], builtins: [] },
  "adapters/slack": { zones: ISLAND, packages: [], builtins: [] },
  "adapters/webchat": { zones: [...ISLAND, "src/pages"], packages: [], builtins: [] },
} as const satisfies Record<string, Zone>;
export type ZoneName = keyof typeof ZONES;

/** An effect, the places where it may stand, and why. */
export interface Effect {
  readonly name: string;
  readonly pattern: RegExp;
  readonly homes: readonly string[];
  readonly why: string;
}

export const EFFECTS: readonly Effect[] = [
  {
    name: "Date.now",
    pattern: /\bDate\.now\(|\bnew Date\(\)/,
    homes: ["src/runtime/clock.ts"],
    why: "time is a parameter",
  },
  {
    name: "setTimeout",
    pattern: /\bset(Timeout|Interval)\(/,
    homes: ["src/runtime/clock.ts"],
    why: "time is a parameter",
  },
  { name: "Math.random", pattern: /\bMath\.random\(/, homes: [], why: "chance is a parameter" },
  {
    name: "getRandomValues",
    pattern: /\bgetRandomValues\(|\brandomBytes\((?!count|1|2|3|4)/,
    homes: ["src/runtime/random.ts"],
    why: "chance is a parameter",
  },
  {
    name: "Bun.gc",
    pattern: /\bBun\.gc\(/,
    homes: ["src/runtime/give-back.ts"],
    why: "a collection stops the process: once, after its start",
  },
  {
    name: "console",
    pattern: /\bconsole\.(log|error|warn|info|debug)\(/,
    homes: ["src/runtime/log.ts"],
    why: "one door for diagnostics",
  },
  {
    name: "process.env",
    pattern: /\bprocess\.env\b|\bBun\.env\b/,
    homes: ["src/host/env.ts"],
    why: "the environment is parsed once, then dropped",
  },
  {
    name: "Bun.spawn",
    pattern: /\bBun\.spawn(Sync)?\(/,
    homes: ["src/host/spawn.ts"],
    why: "children get an environment built from nothing",
  },
  {
    name: "new Database",
    pattern: /\bnew Database\(/,
    homes: ["src/host/sqlite.ts"],
    why: "one set of pragmas",
  },
  {
    name: "process.exit",
    pattern: /\bprocess\.exit\(/,
    homes: ["src/main.ts"],
    why: "one place ends the process",
  },
  { name: "eval", pattern: /\beval\(|\bnew Function\(/, homes: [], why: "no text becomes code" },
  {
    name: "computed import",
    pattern: /\bimport\((?!["'])/,
    homes: [],
    why: "every module is known when it is built",
  },
  { name: "new Worker", pattern: /\bnew Worker\(/, homes: [], why: "a process is a wall, a thread is none" },
  {
    name: "mock.module",
    pattern: /\bmock\.module\(/,
    homes: [],
    why: "effects are parameters, modules are not replaced",
  },
];
