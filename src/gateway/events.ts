/**
 * The hub through which running turns reach pages and terminals. A listener names the instance whose conversations it
 * may see; an event of another instance never reaches it, so a page's process cannot watch another channel.
 */
import type { InstanceId, SessionId } from "#contracts/ids.ts";
import type { TurnEvent } from "#contracts/page-api.ts";

/** Where an event belongs. */
export interface EventPlace {
  readonly instance: InstanceId;
  readonly session: SessionId;
}

/** What a listener may see: one instance, one session, or (the operator's own surfaces) everything. */
export type EventScope =
  | { readonly kind: "instance"; readonly instance: InstanceId }
  | { readonly kind: "session"; readonly session: SessionId }
  | { readonly kind: "operator" };

export class EventHub {
  readonly #listeners = new Set<{
    readonly scope: EventScope;
    readonly listen: (event: TurnEvent) => void;
  }>();

  /** Calls `listen` for each event within `scope`. Returns a function that ends it. `listen` must not throw. */
  subscribe(scope: EventScope, listen: (event: TurnEvent) => void): () => void {
    const entry = { scope, listen };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  publish(place: EventPlace, event: TurnEvent): void {
    for (const { scope, listen } of Array.from(this.#listeners)) if (covers(scope, place)) listen(event);
  }

  /** Tells everyone that `/api/state` has changed. */
  stateChanged(): void {
    for (const { listen } of Array.from(this.#listeners)) listen({ type: "state" });
  }
}

function covers(scope: EventScope, place: EventPlace): boolean {
  if (scope.kind === "operator") return true;
  return scope.kind === "instance" ? scope.instance === place.instance : scope.session === place.session;
}
