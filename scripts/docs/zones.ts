/** The table of zones in docs/ARCHITECTURE.md, from test/zones.ts. */
import { ZONES, type Zone, type ZoneName } from "../../test/zones.ts";
import { table } from "./markdown.ts";

const HOLDS = {
  "src/contracts": "words: types, schemas, faults, limits, secret types. Pure",
  "src/runtime": "clock, chance, log, backoff, the seal of what a peer keeps",
  "src/ipc": "frames, handshake, connection",
  "src/chain": "rows, heads, tree, verification. Pure; hashing and signatures are parameters",
  "src/host":
    "powers of trusted processes: files beneath a root, SQLite, new processes, environment, system calls",
  "src/confine": "launch plans, Landlock, seccomp, the guard of tool runs",
  "src/policy": "the decision. Pure, total",
  "src/vault": "sealed credentials, the keychain",
  "src/audit": "the log's file: writer, seals, verification",
  "src/session": "`SessionHandle<C>`, history read back from the log",
  "src/broker": "the way out of confined processes: judged, resolved once, held to its name",
  "src/tools": "what the agent can do, each as classify and perform",
  "src/agent": "the turn and the models. No files, no processes, no vault: it is given ports",
  "src/gateway": "the composition root, and the one path of an action",
  "src/keeper": "opens the vault, starts and restarts the rest",
  "src/signer": "the signing keys, and what was signed last",
  "src/box": "builds the boxes of commands, runs them, keeps what they change",
  "src/mcp": "the proxy between the gateway and MCP servers",
  "src/pages": "what both pages' processes share: gate, limits, stream",
  "src/console": "the operator's page, as a process",
  "src/cli": "the commands",
  "adapters/kit": "what every adapter needs",
  "adapters/slack": "Slack",
  "adapters/discord": "Discord",
  "adapters/matrix": "Matrix",
  "adapters/signal": "Signal",
  "adapters/telegram": "Telegram",
  "adapters/whatsapp": "WhatsApp",
  "adapters/googlechat": "Google Chat",
  "adapters/webchat": "the chat page, as a process",
} as const satisfies Record<ZoneName, string>;

/** One row a zone, in the order of the source. */
export function zoneTable(): string {
  const rows = Object.entries<Zone>(ZONES).map(([name, zone]) => {
    const holds = Object.entries(HOLDS).find(([known]) => known === name)?.[1] ?? "";
    return [`\`${name}\``, holds, listed(zone.zones), listed([...zone.packages, ...zone.builtins])];
  });
  return table(["zone", "holds", "may import", "packages and built-ins"], rows);
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "–" : names.map((name) => name.replace(/^src\//, "")).join(", ");
}
