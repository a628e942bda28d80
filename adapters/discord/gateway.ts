/**
 * One connection to Discord's gateway, from HELLO to its end: identify or resume, heartbeats with jitter, a connection
 * that answers none is left (https://discord.com/developers/docs/events/gateway). JSON, no compression.
 */
import type { Json } from "#contracts/json.ts";
import type { SecretString } from "#contracts/secret.ts";
import type { AdapterHost } from "#kit/adapter.ts";
import { type Wild, numberIn, objectIn, objectOf, textIn } from "#kit/json-fields.ts";
import type { OpenSocket, PlatformSocket } from "#kit/platform-socket.ts";
import type { Session } from "./session.ts";

const OP = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  resume: 6,
  reconnect: 7,
  invalidSession: 9,
  hello: 10,
  heartbeatAck: 11,
} as const;
/** Without a word for so long the connection is no gateway. */
const HELLO_MS_MAX = 20_000;
const HEARTBEAT_MS_MIN = 1_000;
const HEARTBEAT_MS_MAX = 600_000;
/** Any code but 1000 and 1001 leaves the session alive, so that it can be resumed. */
const LEAVE = 4900;

/** How a connection ended, and so how the next one begins. */
export type GatewayEnd =
  /** The session lives: take it up again. */
  | "resume"
  /** The session is gone: identify anew. */
  | "fresh"
  /** The token is refused (4004). */
  | "auth"
  /** The operator did not switch a privileged intent on (4014). */
  | "intents"
  /** Discord refuses the way we speak: nothing that trying again mends soon. */
  | "refused";

export interface GatewayPorts {
  readonly open: OpenSocket;
  readonly token: SecretString;
  readonly clock: AdapterHost["clock"];
  readonly random: AdapterHost["random"];
  readonly signal: AbortSignal;
  readonly url: string;
  readonly intents: number;
  /** To be resumed; `undefined`: identify. */
  readonly session: Session | undefined;
  /** An event. `seq` grows by one with each, in the order of the calls. */
  readonly onDispatch: (name: string, data: Wild, seq: number) => void;
}

/** Speaks to the gateway until the connection ends or the signal aborts. Never throws for what a server can send. */
export function speak(ports: GatewayPorts): Promise<GatewayEnd> {
  const { clock, random, signal, session } = ports;
  return new Promise((resolve) => {
    let end: GatewayEnd = "resume";
    let seq = session?.seq ?? 0;
    let isAnswered = true;
    let cancel = clock.after(HELLO_MS_MAX, () => leave());
    const socket: PlatformSocket = ports.open(ports.url, {
      open: () => undefined, // HELLO comes first
      text: (text) => heed(text),
      closed: (code) => {
        cancel();
        signal.removeEventListener("abort", leave);
        resolve(end === "resume" ? endOf(code) : end);
      },
    });
    const leave = (): void => socket.close(LEAVE);
    const say = (op: number, d: Json): void => socket.send(JSON.stringify({ op, d }));
    const beat = (everyMs: number): void => {
      if (!isAnswered) return leave(); // a connection that is up and dead: nothing would come any more
      isAnswered = false;
      say(OP.heartbeat, seq === 0 ? null : seq);
      cancel = clock.after(everyMs, () => beat(everyMs));
    };
    const greet = (hello: Wild): void => {
      cancel();
      const everyMs = Math.min(
        Math.max(numberIn(hello, "heartbeat_interval"), HEARTBEAT_MS_MIN),
        HEARTBEAT_MS_MAX,
      );
      cancel = clock.after(Math.floor(everyMs * random.unit()), () => beat(everyMs));
      ports.token.use((token) => {
        if (session === undefined) say(OP.identify, identity(token, ports.intents));
        else say(OP.resume, { token, session_id: session.id, seq: session.seq });
      });
    };
    const heed = (text: string): void => {
      const frame = frameOf(text);
      if (frame === undefined) return leave();
      switch (numberIn(frame, "op")) {
        case OP.dispatch:
          seq = Math.max(seq, numberIn(frame, "s"));
          return ports.onDispatch(textIn(frame, "t"), objectIn(frame, "d"), numberIn(frame, "s"));
        case OP.heartbeat:
          return say(OP.heartbeat, seq === 0 ? null : seq);
        case OP.heartbeatAck:
          isAnswered = true;
          return;
        case OP.hello:
          return greet(objectIn(frame, "d"));
        case OP.reconnect:
          return leave();
        case OP.invalidSession:
          if (frame["d"] !== true) end = "fresh";
          return leave();
        default:
          return; // an opcode of a later version
      }
    };
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  });
}

/** What a close code of Discord means (topics/opcodes-and-status-codes#gateway-gateway-close-event-codes). */
function endOf(code: number): GatewayEnd {
  if (code === 4004) return "auth";
  if (code === 4014) return "intents";
  if (code === 4007 || code === 4009) return "fresh";
  return code >= 4010 && code <= 4013 ? "refused" : "resume";
}

function identity(token: string, intents: number): Json {
  return { token, intents, properties: { os: "linux", browser: "wirken", device: "wirken" } };
}

/** A frame as an object; `undefined` for what is no JSON object. */
function frameOf(text: string): Wild | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? objectOf(value) : undefined;
  } catch {
    return undefined;
  }
}
