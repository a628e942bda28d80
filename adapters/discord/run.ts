/**
 * Sessions one after the other: greet, connect, resume what can be resumed, report how things are. A refused token is
 * waited out, because an operator may mend it; a privileged intent that is off is done without.
 */
import { type Result, err, ok } from "#contracts/result.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { AdapterHost } from "#kit/adapter.ts";
import { chatOrder } from "#kit/chat-order.ts";
import { type Cursor, ackWindow, openCursor } from "#kit/cursor.ts";
import { type Wild, numberIn, objectIn, objectOf, textIn } from "#kit/json-fields.ts";
import { pause } from "#kit/pause.ts";
import type { OpenSocket } from "#kit/platform-socket.ts";
import type { DiscordApi } from "./api.ts";
import { catchUp } from "./catch-up.ts";
import { type Chats, openChats } from "./chats.ts";
import { registerCommand } from "./commands.ts";
import { type Stream, beginEvent } from "./events.ts";
import type { ApiFailure } from "./failure.ts";
import { type GatewayEnd, speak } from "./gateway.ts";
import type { Me } from "./inbound.ts";
import { type Session, gatewayUrl, parseSession, sessionText } from "./session.ts";
import { isSnowflake } from "./snowflake.ts";

/** Messages in servers and with the bot alone; what they say, where the bot is not mentioned (privileged). */
const INTENTS = { least: (1 << 9) | (1 << 12), content: 1 << 15 } as const;
const CURSOR = "session";
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
/** A refused token is looked at again now and then: an operator may have mended it. */
const REFUSED_RETRY_MS = 5 * 60_000;
const WAIT_MS_MAX = 10 * 60_000;
/** Discord lets a bot identify once in five seconds. */
const IDENTIFY_MS = 5_500;

type Backoff = ReturnType<AdapterHost["backoff"]>;

export interface RunPorts {
  readonly host: AdapterHost;
  readonly api: DiscordApi;
  readonly token: SecretString;
  readonly open: OpenSocket;
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts. */
export async function runSessions(ports: RunPorts): Promise<void> {
  const { host, signal } = ports;
  const waits = host.backoff(RETRY_MS_MIN, RETRY_MS_MAX);
  const order = chatOrder();
  const chats = await openChats(host.state);
  let intents: number = INTENTS.least | INTENTS.content;
  const cursor = await openSession(host, signal);
  while (cursor !== undefined && !signal.aborted) {
    const me = await greet(ports);
    if (!me.ok) {
      await meet(me.error, ports, waits);
      continue;
    }
    // What is on its way must be safe or lost before the stream is opened again at the cursor.
    await Promise.race([order.idle(), aborted(signal)]);
    const life = await connect({ ...ports, order, chats, me: me.value, cursor, intents, waits });
    if (signal.aborted) return;
    if (!life.ok) await meet(life.error, ports, waits);
    else if (life.value === "intents" && (intents & INTENTS.content) !== 0) {
      intents = INTENTS.least;
      host.log.warn("the MESSAGE CONTENT intent is off: only what mentions the bot is read in servers");
      await pause(host.clock, IDENTIFY_MS, signal);
    } else await settle(life.value, cursor, ports, waits);
  }
}

interface Life extends RunPorts {
  readonly order: ReturnType<typeof chatOrder>;
  readonly chats: Chats;
  readonly me: Me;
  readonly cursor: Cursor;
  readonly intents: number;
  readonly waits: Backoff;
}

/** One connection: resumed where a session is kept, else a new one. */
async function connect(life: Life): Promise<Result<GatewayEnd, ApiFailure>> {
  const { host, api, cursor } = life;
  const kept = parseSession(cursor.value, api.root);
  const where = kept === undefined ? await askForGateway(api) : ok(kept.url);
  if (!where.ok) return where;
  const url = gatewayUrl(where.value, api.root);
  if (url === undefined) return err({ kind: "refused", status: 200, code: "rejected" });
  let stream: Stream | undefined = kept === undefined ? undefined : streamOf(kept, cursor);
  const end = await speak({
    ...life,
    clock: host.clock,
    random: host.random,
    url,
    session: kept,
    onDispatch: (name, data, seq) => {
      if (name === "READY") stream = welcome(data, seq, where.value, life);
      if (name === "READY" || name === "RESUMED") {
        life.waits.reset();
        host.report("ready", `@${life.me.username}`);
      }
      if (stream !== undefined) beginEvent(name, data, seq, stream, life);
    },
  });
  return ok(end);
}

/** A new session: its place is kept at once, so that a crash before the first message resumes it. */
function welcome(ready: Wild, seq: number, url: string, life: Life): Stream {
  const resumeUrl = textIn(ready, "resume_gateway_url");
  const session: Session = {
    id: textIn(ready, "session_id"),
    url: gatewayUrl(resumeUrl, life.api.root) === undefined ? url : resumeUrl,
    seq: Math.max(0, seq - 1),
  };
  void life.cursor.move(sessionText({ ...session, seq }));
  const application = textIn(objectIn(ready, "application"), "id");
  catchUp(life);
  if (isSnowflake(application)) void registerCommand(life.api, application, life.host.log);
  return streamOf(session, life.cursor);
}

function streamOf(session: Session, cursor: Cursor): Stream {
  return { session, window: ackWindow(session.seq + 1), cursor };
}

/** After a connection: what the next one begins with, and when. */
async function settle(end: GatewayEnd, cursor: Cursor, ports: RunPorts, waits: Backoff): Promise<void> {
  const { host, signal } = ports;
  switch (end) {
    case "resume":
      host.report("degraded", "the connection to Discord broke off");
      await pause(host.clock, waits.next(), signal);
      return;
    case "fresh":
      await cursor.move("");
      await pause(host.clock, IDENTIFY_MS, signal);
      return;
    case "auth":
      await meet({ kind: "auth" }, ports, waits);
      return;
    case "intents":
    case "refused":
      await cursor.move("");
      host.report("degraded", "Discord refuses the connection of this bot");
      await pause(host.clock, REFUSED_RETRY_MS, signal);
  }
}

/** Learns the bot's own id. */
async function greet({ api }: RunPorts): Promise<Result<Me, ApiFailure>> {
  const answer = await api.call("GET", "/users/@me");
  if (!answer.ok) return answer;
  const user = objectOf(answer.value);
  const me = { id: textIn(user, "id"), username: textIn(user, "username") };
  return isSnowflake(me.id) ? ok(me) : err({ kind: "unsure" });
}

/** The gateway's address, unless no session may be begun for a while. */
async function askForGateway(api: DiscordApi): Promise<Result<string, ApiFailure>> {
  const answer = await api.call("GET", "/gateway/bot");
  if (!answer.ok) return answer;
  const gateway = objectOf(answer.value);
  const limit = objectIn(gateway, "session_start_limit");
  const isSpent = limit["remaining"] === 0;
  return isSpent
    ? err({ kind: "rate", afterMs: numberIn(limit, "reset_after") })
    : ok(textIn(gateway, "url"));
}

/** Reports a failure and waits. */
async function meet(failure: ApiFailure, { host, signal }: RunPorts, waits: Backoff): Promise<void> {
  if (signal.aborted) return;
  switch (failure.kind) {
    case "auth":
      host.report("rejected", "Discord refused the bot token: it was reset, or never existed");
      await pause(host.clock, REFUSED_RETRY_MS, signal);
      return;
    case "rate":
      host.report("degraded", "Discord asks to slow down");
      await pause(host.clock, Math.min(failure.afterMs, WAIT_MS_MAX), signal);
      return;
    case "refused":
      host.report("degraded", `Discord refused a request (${failure.status})`);
      await pause(host.clock, waits.next(), signal);
      return;
    case "busy":
    case "unreached":
    case "unsure":
      host.report("degraded", "Discord does not answer");
      await pause(host.clock, waits.next(), signal);
  }
}

/** The kept place; tried until the state folder can be read. `undefined` when the adapter stops first. */
async function openSession(host: AdapterHost, signal: AbortSignal): Promise<Cursor | undefined> {
  while (!signal.aborted) {
    const cursor = await openCursor(host.state, CURSOR);
    if (cursor.ok) return cursor.value;
    host.report("degraded", cursor.error.message);
    await pause(host.clock, RETRY_MS_MAX, signal);
  }
  return undefined;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
