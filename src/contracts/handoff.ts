/**
 * What the keeper hands to each role, once, over its stdin (formats.md section 3): names as data. A name outside the
 * role's row is refused by the sender. Values that are text are UTF-8.
 */

/** Roles that the keeper starts. */
export const KEPT_ROLES = ["gateway", "signer", "console", "adapter", "mcp-proxy"] as const;
export type KeptRole = (typeof KEPT_ROLES)[number];

/** What every peer of the gateway gets. */
const PEER = [
  "peer-id", // its name on the connection: `signer`, `console`, `webchat`, `telegram`, `slack:eu`
  "peer-seed", // 32 bytes: seed of its handshake key
  "gateway-key", // 32 bytes: the gateway's public handshake key
  "state-folder", // absolute path of state/<peer>/
  "state-key", // 32 bytes that seal what it keeps there
  "gateway-socket", // path of the gateway's socket, where no launch stub dials it (not on Linux)
] as const;

/** Names by role; one that ends in `:` is a prefix (`secret:` covers `secret:token`). */
export const HANDOFF_NAMES = {
  gateway: [
    "data-dir", // absolute path of the data folder
    "gateway-seed", // 32 bytes: seed of its handshake key
    "registry", // JSON: RegisteredPeer[]
    "ephemeral", // "1" when signing keys live for this run only, else "0"
    "log-begins", // "1" when the vault's keys have signed no log yet: one that is there is archived
    "accept-state", // "1" when the operator accepted the log as the signer's state on the terminal
    "accept-tail", // "1" when the operator accepted rows after `stopped` on the terminal
    "webchat-port",
    "console-port",
    "authorities-file", // `<sha256> <path>` of the certificates of `network.ca_file`, where it names a file
    "executable-sha256", // hex: what was started
    "user-name", // who the program runs as, for people: a confined gateway cannot look it up
    "provider:", // provider:<name>: an API key
    "provider-origins:", // provider-origins:<name>: JSON string[]: where that key may be sent
    "tool:", // tool:<name>: a credential of tools with its header (contracts/tool-credential.ts)
    "tool-origins:", // tool-origins:<name>: JSON string[]: the one origin that it may be sent to
  ],
  signer: [
    ...PEER,
    "ephemeral",
    "seed:", // seed:log, seed:agent:<id>: 32 bytes each; seed:previous:<holder> after a rotation
    "log-begins", // "1" when these keys have signed no log yet: a missing memory is no loss
    "accept-state", // "<size> <root hex>": the state that the operator accepted on the terminal
  ],
  console: [
    ...PEER,
    "port",
    "origins", // JSON string[]: further allowed origins
  ],
  adapter: [
    ...PEER,
    "channel", // channel kind
    "spool-folder", // absolute path of spool/<peer>/
    "port", // on 127.0.0.1: the page's, or the webhook's of a channel that listens
    "origins", // webchat alone
    "api-base", // base URL of the platform, where the operator chose one
    "template", // `name:language`, where the operator named one
    "proxy", // URL of `network.proxy`, where there is one; not for webchat
    "authorities-file", // `<sha256> <path>` of the certificates of `network.ca_file`; not for webchat
    "secret:", // secret:token and so on: this channel's credentials
  ],
  "mcp-proxy": [
    ...PEER,
    "servers", // JSON: mcp.json as the keeper read it
    "servers-folder", // absolute path of mcp/, each server's own folder beneath it
    "data-dir", // absolute path of the data folder, which no server may be given
    "required", // "1" when a server that cannot be confined does not start, else "0"
    "proxy", // URL of `network.proxy`, where there is one
    "authorities-file", // `<sha256> <path>` of the certificates of `network.ca_file`
    "secret:", // secret:<server>/<name>: credentials that mcp.json names, each for that server alone
  ],
} as const satisfies Record<KeptRole, readonly string[]>;

/** True when the role's row covers the name. */
export function mayHandOff(role: KeptRole, name: string): boolean {
  return HANDOFF_NAMES[role].some((known) => (known.endsWith(":") ? name.startsWith(known) : name === known));
}

/** The descriptor that a peer finds its connection to the gateway on, and the gateway its keeper. */
export const LINK_FD = 3;
