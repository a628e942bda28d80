/**
 * Discord's gateway, strict: HELLO first, one IDENTIFY or RESUME, sequence numbers, every event of a session repeated
 * to whoever resumes it, close codes as documented. What a client must not do is written down.
 */
import { type Wild, numberIn, objectIn, objectOf, textIn } from "#kit/json-fields.ts";
import type { PlatformSocket, SocketEvents } from "#kit/platform-socket.ts";

export const HEARTBEAT_MS = 41_250;
const CONTENT_INTENT = 1 << 15;

interface Connection {
  readonly events: SocketEvents;
  isIdentified: boolean;
  isOpen: boolean;
}

interface Session {
  readonly id: string;
  readonly events: { readonly s: number; readonly t: string; readonly d: object }[];
}

export interface GatewayWorld {
  readonly token: string;
  readonly me: object;
  readonly application: object;
  readonly resumeUrl: () => string;
  readonly violation: (text: string) => void;
}

export class DiscordGatewayFake {
  /** What clients said, by opcode, in order. */
  readonly heard: { readonly op: number; readonly d: Wild; readonly beat: unknown }[] = [];
  isRevoked = false;
  /** The privileged intent is switched on. */
  readsContent = true;
  /** Answers no heartbeat. */
  isMute = false;
  readonly #world: GatewayWorld;
  #connection: Connection | undefined;
  #session: Session | undefined;
  #sessions = 0;
  /** Events before the first session: a real gateway would not send them; tests need not wait. */
  #early: { t: string; d: object }[] = [];
  /**
   * Somebody came back to the session, or stayed for a heartbeat. Until then its events are given to the next session
   * too: a real gateway would lose what arrives in the moment between the first READY and the client's first write, and
   * tests of deaths begin after that moment (docs/channels/discord.md says so).
   */
  #isKept = false;

  constructor(world: GatewayWorld) {
    this.#world = world;
  }

  get isConnected(): boolean {
    return this.#connection?.isIdentified === true;
  }

  /** Something happened: an event for the session. */
  dispatch(t: string, d: object): void {
    const session = this.#session;
    if (session === undefined) {
      this.#early.push({ t, d });
      return;
    }
    const event = { s: session.events.length + 1, t, d };
    session.events.push(event);
    if (this.#connection?.isIdentified === true) this.#say(this.#connection, { op: 0, ...event });
  }

  /** Ends the connection with a code. */
  drop(code: number): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection?.isOpen !== true) return;
    connection.isOpen = false;
    connection.events.closed(code);
  }

  /** Sends a bare opcode: 1 heartbeat request, 7 reconnect, 9 invalid session. */
  order(op: number, d: unknown = null): void {
    if (this.#connection !== undefined) this.#say(this.#connection, { op, d });
  }

  /** Sends text that is no frame. */
  raw(text: string): void {
    this.#connection?.events.text(text);
  }

  /** Forgets the session: it cannot be resumed. */
  forget(): void {
    this.#session = undefined;
  }

  connect(url: string, events: SocketEvents): PlatformSocket {
    const { searchParams } = new URL(url);
    if (
      searchParams.get("v") !== "10" ||
      searchParams.get("encoding") !== "json" ||
      searchParams.has("compress")
    )
      this.#world.violation("the gateway was asked for another version or form");
    const connection: Connection = { events, isIdentified: false, isOpen: true };
    this.#connection = connection; // an earlier one of the same bot is dead: its process is gone
    queueMicrotask(() => {
      events.open();
      this.#say(connection, { op: 10, d: { heartbeat_interval: HEARTBEAT_MS } });
    });
    return {
      send: (text) => {
        if (connection.isOpen) this.#heed(connection, text);
      },
      close: (code) => {
        if (!connection.isOpen) return;
        connection.isOpen = false;
        if (code === 1000 || code === 1001) this.forget();
        if (this.#connection === connection) this.#connection = undefined;
        events.closed(code);
      },
    };
  }

  #heed(connection: Connection, text: string): void {
    const frame = objectOf(JSON.parse(text));
    const [op, d] = [numberIn(frame, "op"), objectIn(frame, "d")];
    this.heard.push({ op, d, beat: frame["d"] });
    if (op === 1) {
      this.#isKept = true;
      if (!this.isMute) this.#say(connection, { op: 11 });
      return;
    }
    if (op !== 2 && op !== 6) return this.#world.violation(`opcode ${op} is not a client's`);
    if (connection.isIdentified) return this.#end(connection, 4005);
    if (this.isRevoked || textIn(d, "token") !== this.#world.token) return this.#end(connection, 4004);
    if (op === 2) this.#identify(connection, d);
    else this.#resume(connection, d);
  }

  #identify(connection: Connection, d: Wild): void {
    const intents = numberIn(d, "intents");
    if (textIn(objectIn(d, "properties"), "browser") === "")
      this.#world.violation("IDENTIFY lacks properties");
    if ((intents & ~((1 << 9) | (1 << 12) | CONTENT_INTENT)) !== 0)
      this.#world.violation("more intents than needed");
    if ((intents & CONTENT_INTENT) !== 0 && !this.readsContent) return this.#end(connection, 4014);
    connection.isIdentified = true;
    const lost = this.#isKept ? [] : (this.#session?.events ?? []).filter(({ t: name }) => name !== "READY");
    this.#session = { id: `session-${++this.#sessions}`, events: [] };
    this.dispatch("READY", {
      v: 10,
      user: this.#world.me,
      session_id: this.#session.id,
      resume_gateway_url: this.#world.resumeUrl(),
      application: this.#world.application,
      guilds: [],
    });
    for (const { t, d: data } of [...lost, ...this.#early.splice(0)]) this.dispatch(t, data);
  }

  #resume(connection: Connection, d: Wild): void {
    const session = this.#session;
    const seq = numberIn(d, "seq");
    if (session === undefined || textIn(d, "session_id") !== session.id) {
      return this.#say(connection, { op: 9, d: false });
    }
    if (seq > session.events.length) return this.#end(connection, 4007);
    connection.isIdentified = true;
    this.#isKept = true;
    for (const event of session.events.filter(({ s }) => s > seq)) this.#say(connection, { op: 0, ...event });
    this.dispatch("RESUMED", {});
  }

  #say(connection: Connection, frame: object): void {
    if (connection.isOpen) connection.events.text(JSON.stringify(frame));
  }

  #end(connection: Connection, code: number): void {
    connection.isOpen = false;
    if (this.#connection === connection) this.#connection = undefined;
    connection.events.closed(code);
  }
}
