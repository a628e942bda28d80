/**
 * `SessionHandle<C>`: the one value that names where an answer goes (docs/ARCHITECTURE.md, steps 3 and 13).
 *
 * Sealed twice. In the types: the undeclared symbol makes the handle invariant in `C`, so a Telegram handle neither
 * widens to `Channel` nor fits a function for WebChat. At run time: only `open` knows the mint, and `is` asks for the
 * private field, so a structured clone, a proxy or an object of the same shape is not a handle.
 */
import type { Channel } from "#contracts/channel.ts";
import type { AgentId, ConversationId, InstanceId, SessionId } from "#contracts/ids.ts";

declare const sealed: unique symbol;
const MINT = Symbol("SessionHandle");

/** Where a session's conversation is, in our ids and in the platform's. */
export interface SessionPlace {
  readonly session: SessionId;
  readonly agent: AgentId;
  readonly instance: InstanceId;
  readonly conversation: ConversationId;
  /** The platform's id of the chat. */
  readonly platformConversation: string;
  /** The platform's id of the thread, empty without one. */
  readonly thread: string;
}

export class SessionHandle<C extends Channel> {
  declare readonly [sealed]: (channel: C) => C;
  readonly #place: SessionPlace;
  readonly channel: C;

  constructor(mint: typeof MINT, channel: C, place: SessionPlace) {
    if (mint !== MINT) throw new TypeError("SessionHandle is sealed");
    this.channel = channel;
    this.#place = Object.freeze({ ...place });
    Object.freeze(this);
  }

  /** Opens a handle. `channel` comes from the connection that was authenticated, never from a frame. */
  static open<C extends Channel>(channel: C, place: SessionPlace): SessionHandle<C> {
    return new SessionHandle(MINT, channel, place);
  }

  /** True for a handle of exactly `channel` that `open` made. */
  static is<D extends Channel>(value: unknown, channel: D): value is SessionHandle<D> {
    if (typeof value !== "object" || value === null || !(#place in value)) return false;
    const actual: Channel = value.channel;
    return actual === channel;
  }

  /**
   * The same place under its channel's general type, for tables that hold handles of every channel. One way only: it
   * fits no function for a single channel any more.
   */
  get anyChannel(): SessionHandle<Channel> {
    return SessionHandle.open<Channel>(this.channel, this.#place);
  }

  get place(): SessionPlace {
    return this.#place;
  }
  get session(): SessionId {
    return this.#place.session;
  }
}
