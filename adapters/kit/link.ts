/**
 * The connection to the gateway as the kit uses it. `src/ipc` gives the real one; tests give `fakeGateway`.
 * Everything that goes through it has been decoded and its signature checked (docs/formats/frames.md).
 */
import type { Fault } from "#contracts/fault.ts";
import type { Payload } from "#contracts/frame.ts";
import type { Result } from "#contracts/result.ts";

export interface GatewayLink {
  /**
   * Puts a payload on the wire, in order. `unfit`: it is outside the contract's bounds and was not sent;
   * `closed`: the connection has ended.
   */
  send(payload: Payload): "sent" | "unfit" | "closed";
  /**
   * Sets the one reader, in place of the one before. It must return at once; what takes time runs beside it.
   */
  onPayload(read: (payload: Payload) => void): void;
  /** Asks the gateway; both sides are JSON text of the method's own schema. */
  call(method: string, body: string): Promise<Result<string, Fault>>;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  /** Ends the connection. */
  close(): void;
}
