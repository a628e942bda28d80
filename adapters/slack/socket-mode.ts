/**
 * The stream of Socket Mode: a connection that is replaced before Slack closes it, so that none of its events
 * waits. Both connections deliver while they overlap; what comes twice is one event.
 */
import type { AdapterHost } from "#kit/adapter.ts";
import { pause } from "#kit/pause.ts";
import type { OpenSocket } from "#kit/platform-socket.ts";
import { textMember } from "#contracts/json.ts";
import { type SlackApi, isSlackSocket } from "./api.ts";
import {
  type ConnectionEnd,
  type ConnectionPorts,
  type SlackConnection,
  openConnection,
} from "./connection.ts";
import type { SlackFailure } from "./failure.ts";

/** A connection that lasted this long was a good one: the next is opened at once. */
const GOOD_MS = 60_000;
/** How long the replaced connection may still deliver. */
const OVERLAP_MS = 10_000;
const WAIT_MS_MIN = 500;
const WAIT_MS_MAX = 60_000;

export interface SocketModePorts {
  readonly host: AdapterHost;
  /** With the app-level token. */
  readonly api: SlackApi;
  readonly root: string;
  readonly openSocket: OpenSocket;
  readonly onEnvelope: ConnectionPorts["onEnvelope"];
  /** A connection stands. `gap`: none stood before it, so events may have been missed. */
  readonly onReady: (gap: boolean) => void;
  /** No connection came about. False when the stream must end. */
  readonly onFailure: (failure: SlackFailure) => Promise<boolean>;
}

/** Keeps a connection until `signal` aborts or `onFailure` says so. */
export async function socketMode(ports: SocketModePorts, signal: AbortSignal): Promise<void> {
  const { host } = ports;
  const waits = host.backoff(WAIT_MS_MIN, WAIT_MS_MAX);
  const open = new Set<SlackConnection>();
  const closeAll = (): void => {
    for (const connection of open) connection.close();
  };
  signal.addEventListener("abort", closeAll, { once: true });
  while (!signal.aborted) {
    const connection = await connect(ports);
    if (connection.kind === "failure") {
      if (!(await ports.onFailure(connection.failure))) break;
      continue;
    }
    const begun = host.clock.monotonic();
    const { made } = connection;
    if (signal.aborted) made.close();
    const isGap = open.size === 0;
    for (const older of open) host.clock.after(OVERLAP_MS, () => older.close());
    open.add(made);
    void made.closed.then(() => open.delete(made));
    ports.onReady(isGap);
    const end = await made.end;
    if (signal.aborted) break;
    if (host.clock.monotonic() - begun >= GOOD_MS) waits.reset();
    else if (!(await pause(host.clock, waits.next(), signal))) break;
    if (!(await mayGoOn(end, open, ports))) break;
  }
  signal.removeEventListener("abort", closeAll);
  closeAll();
}

async function mayGoOn(
  end: ConnectionEnd,
  open: ReadonlySet<unknown>,
  ports: SocketModePorts,
): Promise<boolean> {
  if (end === "off") return await ports.onFailure({ kind: "refused", reason: "off" });
  if (end === "closed" && open.size === 0) ports.host.report("degraded", "the connection to Slack broke");
  return true;
}

type Connected =
  | { readonly kind: "made"; readonly made: SlackConnection }
  | { readonly kind: "failure"; readonly failure: SlackFailure };

/** Asks for an address, opens it, and waits for Slack's hello. */
async function connect({ api, root, openSocket, host, onEnvelope }: SocketModePorts): Promise<Connected> {
  const answer = await api.post("apps.connections.open", {});
  if (!answer.ok) return { kind: "failure", failure: answer.error };
  const url = textMember(answer.value, "url");
  if (!isSlackSocket(url, root)) return { kind: "failure", failure: { kind: "refused", reason: "other" } };
  const made = openConnection(url, { openSocket, clock: host.clock, onEnvelope });
  return (await made.greeted) ? { kind: "made", made } : { kind: "failure", failure: { kind: "unreached" } };
}
