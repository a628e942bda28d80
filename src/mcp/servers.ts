/** The servers of a hand-off, each with how it is reached and, where it is remote, how it is logged in to. */
import { systemResolve } from "#broker/address.ts";
import { outsideOf, systemDial } from "#broker/wires.ts";
import { type McpEntry, isStdio } from "#contracts/mcp-config.ts";
import { Scrubber } from "#contracts/scrubber.ts";
import { certificatesIn, outboundFetch } from "#host/outbound-fetch.ts";
import { systemClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import { stateSeal } from "#runtime/state-seal.ts";
import { type PlainFetch, boundedFetch } from "./bounded-fetch.ts";
import type { Connector } from "./connector.ts";
import type { ProxyFacts } from "./handoff-facts.ts";
import type { Login } from "./login.ts";
import { OAuthLogin } from "./oauth-login.ts";
import { sealedMemory } from "./oauth-memory.ts";
import { ProgramConnector } from "./program-connector.ts";
import type { ProgramNetworkPorts } from "./program-network.ts";
import { type ProxyLink, linkPorts } from "./proxy.ts";
import { CLIENT_SECRET, RemoteConnector } from "./remote-connector.ts";
import { McpServer } from "./server.ts";

/** The vault scope of the proxy's state key. */
const SCOPE = "mcp";

/** How remote servers are reached, and what programs may reach. */
export interface Outward {
  readonly fetch: PlainFetch;
  readonly network: Omit<ProgramNetworkPorts, "onEgress">;
}

export interface Servers {
  readonly servers: ReadonlyMap<string, McpServer>;
  readonly logins: ReadonlyMap<string, Login>;
}

/** Builds them; none is connected yet. What they tell goes over `link`. */
export function serversOf(facts: ProxyFacts, link: ProxyLink, outward: Outward): Servers {
  const tell = linkPorts(link);
  const servers = new Map<string, McpServer>();
  const logins = new Map<string, Login>();
  const { fetch } = outward;
  const network = { ...outward.network, onEgress: tell.onEgress };
  const scrubber = new Scrubber(facts.credentials());
  const scrub = (text: string): string => scrubber.text(text, new Map());
  for (const [name, entry] of Object.entries(facts.file.mcpServers)) {
    const { connector, login } = reachOf(name, entry, facts, fetch, network);
    if (login !== undefined) logins.set(name, login);
    const ports = {
      onChange: tell.onChange,
      onProgress: tell.onProgress,
      scrub,
      connector,
      clock: systemClock,
      random: systemRandom,
      askPerson: tell.askPerson(name),
    };
    servers.set(name, new McpServer(name, entry, ports));
  }
  return { servers, logins };
}

/** The runtime's own, over the configured proxy, with the configured authorities. */
export function outwardOf(facts: ProxyFacts): Outward {
  return { fetch: outwardFetch(facts), network: outwardNetwork(facts) };
}

function outwardFetch(facts: ProxyFacts): PlainFetch {
  const network = facts.proxy === "" ? {} : { proxy: facts.proxy };
  const made = outboundFetch((url, init) => fetch(url, init), network, certificatesIn(facts.authorities));
  if (!made.ok) throw new Error("mcp: the keeper handed over a proxy that is none");
  return made.value;
}

function outwardNetwork({ proxy, authorities }: ProxyFacts): Outward["network"] {
  const outside = outsideOf(proxy === "" ? undefined : proxy, certificatesIn(authorities));
  return { clock: systemClock, resolve: systemResolve, dial: systemDial(outside) };
}

function reachOf(
  name: string,
  entry: McpEntry,
  facts: ProxyFacts,
  fetch: PlainFetch,
  network: ProgramNetworkPorts,
): { readonly connector: Connector; readonly login: Login | undefined } {
  const secrets = facts.secretsOf(name);
  if (isStdio(entry)) {
    return { connector: new ProgramConnector({ ...facts, name, entry, secrets, network }), login: undefined };
  }
  const memory = sealedMemory(facts.stateFolder, name, stateSeal(facts.stateKey, SCOPE, systemRandom));
  const clientSecret = secrets.get(entry.credentials[CLIENT_SECRET] ?? "");
  const bounded = boundedFetch(fetch, {
    server: entry.url,
    onChallenge: (challenge) => login.noteChallenge(challenge),
    onTooLarge: () => connector.tooLarge(),
  });
  const login: OAuthLogin = new OAuthLogin({
    entry,
    memory,
    clientSecret,
    fetch: bounded,
    random: systemRandom,
  });
  const connector = new RemoteConnector({ entry, secrets, fetch: bounded, login });
  return { connector, login };
}
