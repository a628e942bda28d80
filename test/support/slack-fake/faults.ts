/** Calls that go wrong on demand. */
/** How the next call of a method goes wrong. */
export type Fault =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: string;
      readonly headers?: Record<string, string>;
    }
  /** Does it, then breaks the connection. */
  | { readonly kind: "cut" }
  | { readonly kind: "unreached" };

/** Faults by method, each for one call. */
export class Faults {
  readonly #list: { readonly method: string; readonly fault: Fault }[] = [];

  add(method: string, faults: readonly Fault[]): void {
    this.#list.push(...faults.map((fault) => ({ method, fault })));
  }

  /** The fault of this call; `undefined` for a call that goes well. */
  take(method: string): Fault | undefined {
    const at = this.#list.findIndex((one) => one.method === method);
    return at < 0 ? undefined : this.#list.splice(at, 1)[0]?.fault;
  }
}

/** What the call gives instead of being done; `undefined` where it is done. */
export function insteadOf(fault: Fault | undefined): Response | undefined {
  if (fault?.kind === "unreached") throw Object.assign(new TypeError("refused"), { code: "ECONNREFUSED" });
  if (fault?.kind !== "answer") return undefined;
  return new Response(fault.body, { status: fault.status, headers: fault.headers ?? {} });
}
