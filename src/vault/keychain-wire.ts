/**
 * What passes between the program and its keychain child (docs/formats/vault.md section "Keychain child"):
 * one request over the child's stdin, one answer over its stdout, both binary so that no secret becomes
 * text. Request: u8 operation (1 get, 2 set, 3 delete) ‖ lp(account) ‖ lp(secret). Answer: u8 status (0
 * done, 1 none, 2 failed) ‖ lp(secret or reason).
 */
import { type Result, err, ok } from "#contracts/result.ts";
import { ByteReader, join, lp } from "./encoding.ts";
import { type KeychainReason, isKeychainReason } from "./keychain.ts";

export const OPERATIONS = { get: 1, set: 2, delete: 3 } as const;
export type Operation = keyof typeof OPERATIONS;
const OPERATION_NAMES = ["get", "set", "delete"] as const satisfies readonly Operation[];
const ACCOUNT_BYTES_MAX = 128;
const SECRET_BYTES_MAX = 1_024;
/** Longest request or answer. */
export const WIRE_BYTES_MAX = 1 + 4 + ACCOUNT_BYTES_MAX + 4 + SECRET_BYTES_MAX;

export interface KeychainRequest {
  readonly operation: Operation;
  readonly account: string;
  /** The request's own bytes; empty unless `set`. */
  readonly secret: Uint8Array;
}

export type KeychainAnswer =
  | { readonly status: "done"; readonly secret: Uint8Array }
  | { readonly status: "none" }
  | { readonly status: "failed"; readonly reason: KeychainReason };

/** The caller zeroes the bytes after use. */
export function printRequest(request: KeychainRequest): Uint8Array<ArrayBuffer> {
  return join(Uint8Array.of(OPERATIONS[request.operation]), lp(request.account), lp(request.secret));
}

export function parseRequest(bytes: Uint8Array): Result<KeychainRequest, "request"> {
  const reader = new ByteReader(bytes);
  const code = reader.u8();
  const account = reader.text(ACCOUNT_BYTES_MAX);
  const secret = reader.lp(SECRET_BYTES_MAX);
  const operation = operationOf(code);
  if (!reader.finished || operation === undefined || account === undefined || secret === undefined) {
    return err("request");
  }
  if ((operation === "set") !== secret.byteLength > 0) return err("request");
  return ok({ operation, account, secret });
}

/** The caller zeroes the bytes after use. */
export function printAnswer(answer: KeychainAnswer): Uint8Array<ArrayBuffer> {
  switch (answer.status) {
    case "done":
      return join(Uint8Array.of(0), lp(answer.secret));
    case "none":
      return join(Uint8Array.of(1), lp(""));
    case "failed":
      return join(Uint8Array.of(2), lp(answer.reason));
  }
}

export function parseAnswer(bytes: Uint8Array): Result<KeychainAnswer, "answer"> {
  const reader = new ByteReader(bytes);
  const status = reader.u8();
  const body = reader.lp(SECRET_BYTES_MAX);
  if (!reader.finished || body === undefined) return err("answer");
  if (status === 0) return ok({ status: "done", secret: body });
  if (status === 1) return body.byteLength === 0 ? ok({ status: "none" }) : err("answer");
  const reason = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  return status === 2 && isKeychainReason(reason) ? ok({ status: "failed", reason }) : err("answer");
}

function operationOf(code: number | undefined): Operation | undefined {
  return OPERATION_NAMES.find((name) => OPERATIONS[name] === code);
}
