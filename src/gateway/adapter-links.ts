/**
 * The adapters that are connected, by instance. A link's channel comes from the handshake, so whoever sends through it
 * reaches that instance and no other.
 */
import type { Channel } from "#contracts/channel.ts";
import type { AdapterState, Payload } from "#contracts/frame.ts";
import type { InstanceId } from "#contracts/ids.ts";
import type { AuthenticatedChannel } from "#ipc/authenticated-channel.ts";

/** One connected adapter. */
export interface AdapterLink {
  readonly channel: AuthenticatedChannel<Channel>;
  readonly instance: InstanceId;
  /** True when the frame was put on the wire; false for a connection that has ended or takes too little. */
  readonly send: (payload: Payload) => boolean;
}

/** What an adapter said of its platform's connection. */
export interface LinkState {
  readonly state: AdapterState | "disconnected";
  readonly detail: string;
}

export class AdapterLinks {
  readonly #links = new Map<InstanceId, AdapterLink>();
  readonly #states = new Map<InstanceId, LinkState>();
  readonly #onAttach: ((link: AdapterLink) => void)[] = [];

  /** Takes a link whose handshake has passed. Returns what ends it. */
  attach(link: AdapterLink): () => void {
    this.#links.set(link.instance, link);
    this.#states.set(link.instance, { state: "starting", detail: "" });
    for (const listen of this.#onAttach) listen(link);
    return () => {
      if (this.#links.get(link.instance) !== link) return;
      this.#links.delete(link.instance);
      this.#states.set(link.instance, { state: "disconnected", detail: "" });
    };
  }

  /** Calls `listen` for each link from now on. */
  onAttach(listen: (link: AdapterLink) => void): void {
    this.#onAttach.push(listen);
  }

  of(instance: InstanceId): AdapterLink | undefined {
    return this.#links.get(instance);
  }

  all(): readonly AdapterLink[] {
    return [...this.#links.values()];
  }

  report(instance: InstanceId, state: LinkState): void {
    this.#states.set(instance, state);
  }

  stateOf(instance: InstanceId): LinkState {
    return this.#states.get(instance) ?? { state: "disconnected", detail: "" };
  }
}
