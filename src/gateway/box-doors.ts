/**
 * Listeners of boxed commands on their way to the gateway: each was made in a network of its own and comes
 * over the door with the number of its run. Looked for while a run that has one is on; one that nobody
 * waits for is closed.
 */
import { closeSync } from "node:fs";
import { receiveDescriptor } from "#host/descriptor-passing.ts";
import type { Libc } from "#host/libc.ts";
import type { Clock } from "#runtime/clock.ts";

const LOOK_MS = 2;

export class BoxDoors {
  readonly #libc: Libc;
  readonly #socket: number;
  readonly #clock: Clock;
  readonly #awaited = new Map<number, (descriptor: number) => void>();
  #looking = false;

  /** `socket`: the inherited end of the door. */
  constructor(libc: Libc, socket: number, clock: Clock) {
    this.#libc = libc;
    this.#socket = socket;
    this.#clock = clock;
  }

  /** Gives the listener of run `id` to `take`, once. The returned function ends the waiting. */
  await(id: number, take: (descriptor: number) => void): () => void {
    this.#awaited.set(id, take);
    void this.#look();
    return () => void this.#awaited.delete(id);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    while (this.#awaited.size > 0) {
      const handed = receiveDescriptor(this.#libc, this.#socket);
      if (handed === undefined) {
        await this.#clock.sleep(LOOK_MS);
        continue;
      }
      const take = this.#awaited.get(handed.tag);
      this.#awaited.delete(handed.tag);
      if (take === undefined) closeSync(handed.descriptor);
      else take(handed.descriptor);
    }
    this.#looking = false;
  }
}
