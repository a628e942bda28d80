/**
 * Faults: what an outsider, an operator or the machine can make go wrong. A fault carries a stable code, a sentence
 * without values from outside, and what to try. Exit codes follow sysexits where one fits.
 */
import type { Result } from "./result.ts";

export const FAULT_CODES = [
  "usage", // the command line is wrong
  "config", // config.json is wrong
  "not_found", // what was named does not exist
  "refused", // policy, permission or a person said no
  "unavailable", // a part that is needed does not answer
  "auth", // a credential is wrong, missing or expired
  "damaged", // bytes on disk do not check out
  "io", // the system refused a file, socket or process
  "limit", // a bound was reached
  "protocol", // a peer broke its contract
  "timeout", // nothing came in time
  "unsupported", // this system cannot do it
  "not_intact", // verification found a problem
  "internal", // a bug
] as const;
export type FaultCode = (typeof FAULT_CODES)[number];

/** Exit code of a command that ended with the fault. Documented in docs/audit-cli.md. */
export const FAULT_EXIT = {
  usage: 64,
  config: 78,
  not_found: 4,
  refused: 77,
  unavailable: 69,
  auth: 77,
  damaged: 65,
  io: 74,
  limit: 75,
  protocol: 76,
  timeout: 75,
  unsupported: 69,
  not_intact: 1,
  internal: 70,
} as const satisfies Record<FaultCode, number>;

/** HTTP status of a page's request that ended with the fault. */
export const FAULT_STATUS = {
  usage: 400,
  config: 500,
  not_found: 404,
  refused: 403,
  unavailable: 503,
  auth: 401,
  damaged: 500,
  io: 500,
  limit: 429,
  protocol: 502,
  timeout: 504,
  unsupported: 501,
  not_intact: 409,
  internal: 500,
} as const satisfies Record<FaultCode, number>;

export interface Fault {
  readonly code: FaultCode;
  /** One sentence, lower case, no full stop, no secret and no value from outside that was not made visible. */
  readonly message: string;
  /** What to try next, as a command or a sentence. */
  readonly hint?: string;
  /** A finer reason for programs: `wrong_passphrase`, `vault_damaged`, … */
  readonly reason?: string;
}

/** Builds a fault. */
export function fault(
  code: FaultCode,
  message: string,
  more: { hint?: string; reason?: string } = {},
): Fault {
  return { code, message, ...more };
}

/** A failed result carrying a fault. */
export function fail(
  code: FaultCode,
  message: string,
  more: { hint?: string; reason?: string } = {},
): Result<never, Fault> {
  return { ok: false, error: fault(code, message, more) };
}

/** For the few places where a fault must cross a library's callback. Its message is the fault's sentence. */
export class FaultError extends Error {
  readonly fault: Fault;
  constructor(value: Fault) {
    super(value.message);
    this.name = "FaultError";
    this.fault = value;
  }
}
