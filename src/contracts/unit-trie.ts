/**
 * Many needles searched at once (Aho and Corasick, 1975): one step a code unit on average, however many needles there
 * are. A state says how much of the text's end could be the beginning of a needle. Built once, in arrays that can be
 * zeroed, since the needles are forms of secrets.
 */

/** Where a search stands. 0: nothing of a needle. */
export type TrieState = number;

export interface Needle {
  readonly units: Uint16Array;
  /** What is answered where it ends: an index of the caller's. */
  readonly owner: number;
}

const UNITS = 65_536;

export class UnitTrie implements Disposable {
  /** Unit → child of the root, which is asked most often and has the most children. */
  readonly #roots = new Int32Array(UNITS);
  readonly #unit: Uint16Array;
  readonly #child: Int32Array;
  readonly #sibling: Int32Array;
  readonly #fail: Int32Array;
  readonly #depth: Int32Array;
  /** Length and owner + 1 of the longest needle that ends in the state; 0 where none does. */
  readonly #length: Int32Array;
  readonly #owner: Int32Array;
  #size = 1;

  constructor(needles: readonly Needle[]) {
    const capacity = needles.reduce((sum, { units }) => sum + units.length, 1);
    this.#unit = new Uint16Array(capacity);
    this.#child = new Int32Array(capacity);
    this.#sibling = new Int32Array(capacity);
    this.#fail = new Int32Array(capacity);
    this.#depth = new Int32Array(capacity);
    this.#length = new Int32Array(capacity);
    this.#owner = new Int32Array(capacity);
    for (const needle of needles) this.#add(needle);
    this.#link();
  }

  /** The state after `unit`. */
  next(state: TrieState, unit: number): TrieState {
    for (let at = state; ; at = this.#fail[at] ?? 0) {
      const child = this.#childOf(at, unit);
      if (child !== 0 || at === 0) return child;
    }
  }

  /** How many units of the text's end are the beginning of a needle. */
  depth(state: TrieState): number {
    return this.#depth[state] ?? 0;
  }

  /** Length of the longest needle that ends here; 0 for none. */
  ended(state: TrieState): number {
    return this.#length[state] ?? 0;
  }

  /** The owner of the needle that ends here. */
  owner(state: TrieState): number {
    return (this.#owner[state] ?? 0) - 1;
  }

  [Symbol.dispose](): void {
    this.#roots.fill(0);
    this.#unit.fill(0);
    this.#child.fill(0);
    this.#length.fill(0);
  }

  #childOf(state: TrieState, unit: number): TrieState {
    if (state === 0) return this.#roots[unit] ?? 0;
    let child = this.#child[state] ?? 0;
    while (child !== 0 && this.#unit[child] !== unit) child = this.#sibling[child] ?? 0;
    return child;
  }

  #add({ units, owner }: Needle): void {
    let state = 0;
    for (const unit of units) state = this.#childOf(state, unit) || this.#grow(state, unit);
    this.#length[state] = units.length;
    this.#owner[state] = owner + 1;
  }

  #grow(state: TrieState, unit: number): TrieState {
    const child = this.#size++;
    this.#unit[child] = unit;
    this.#depth[child] = (this.#depth[state] ?? 0) + 1;
    this.#sibling[child] = this.#child[state] ?? 0;
    this.#child[state] = child;
    if (state === 0) this.#roots[unit] = child;
    return child;
  }

  /** Breadth first: where to go on when a state has no child for a unit, and which needle ends within it. */
  #link(): void {
    const queue: TrieState[] = [0];
    for (const state of queue) {
      for (let child = this.#child[state] ?? 0; child !== 0; child = this.#sibling[child] ?? 0) {
        const fail = state === 0 ? 0 : this.next(this.#fail[state] ?? 0, this.#unit[child] ?? 0);
        this.#fail[child] = fail;
        if (this.#length[child] === 0) {
          this.#length[child] = this.#length[fail] ?? 0;
          this.#owner[child] = this.#owner[fail] ?? 0;
        }
        queue.push(child);
      }
    }
  }
}
