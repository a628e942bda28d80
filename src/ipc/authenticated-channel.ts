/**
 * What the handshake of an adapter resolved, sealed in the type system and at run time: the channel comes from the
 * connection, and a frame's own claim is only ever compared with it.
 */
import { type Channel, isChannel } from "#contracts/channel.ts";
import type { RegisteredPeer } from "#contracts/frame.ts";
import { type Result, err, ok } from "#contracts/result.ts";

declare const sealed: unique symbol;
const MINT = Symbol("AuthenticatedChannel");

/** A claim that differs from the connection, with both sides; the row `channel_mismatch` carries it. */
export interface ChannelMismatch {
  readonly code: "channel_mismatch";
  readonly actual: { readonly channel: Channel; readonly instance: string };
  readonly claimed: { readonly channel: string; readonly instance: string };
}

export class AuthenticatedChannel<C extends Channel> {
  declare readonly [sealed]: (channel: C) => C; // invariant: neither widens to Channel nor narrows from it
  readonly #instance: string;
  readonly channel: C;
  readonly instance: string;
  readonly peerId: string;

  constructor(mint: typeof MINT, channel: C, instance: string, peerId: string) {
    if (mint !== MINT) throw new TypeError("AuthenticatedChannel is sealed");
    this.channel = channel;
    this.instance = instance;
    this.#instance = instance;
    this.peerId = peerId;
    Object.freeze(this);
  }

  /** The channel of a peer whose handshake has passed; `undefined` for a peer that serves none. */
  static of(peer: RegisteredPeer): AuthenticatedChannel<Channel> | undefined {
    if (peer.role !== "adapter" || !isChannel(peer.channel)) return undefined;
    return new AuthenticatedChannel(MINT, peer.channel, peer.instance, peer.peerId);
  }

  /** True for a genuine value of this class and channel; copies, proxies and look-alikes are none. */
  static is<D extends Channel>(value: unknown, channel: D): value is AuthenticatedChannel<D> {
    if (typeof value !== "object" || value === null || !(#instance in value)) return false;
    const actual: Channel = value.channel;
    return actual === channel;
  }

  /**
   * Compares a frame's claim with the connection. A channel named by a literal proves the connection's type: the
   * result is `AuthenticatedChannel<D>`.
   */
  requireMatch<D extends Channel>(
    claimedChannel: D,
    claimedInstance: string,
  ): Result<AuthenticatedChannel<D>, ChannelMismatch>;
  requireMatch(
    claimedChannel: string,
    claimedInstance: string,
  ): Result<AuthenticatedChannel<C>, ChannelMismatch>;
  requireMatch(
    claimedChannel: string,
    claimedInstance: string,
  ): Result<AuthenticatedChannel<C>, ChannelMismatch> {
    if (claimedChannel === this.channel && claimedInstance === this.#instance) return ok(this);
    return err({
      code: "channel_mismatch",
      actual: { channel: this.channel, instance: this.#instance },
      claimed: { channel: claimedChannel, instance: claimedInstance },
    });
  }
}
