/**
 * The four headers with which a page signs a request (docs/formats/pages.md, "Signature"). This process only
 * reads their shape; the gateway verifies them, so that a page's process holds nothing that could log anyone
 * in.
 */
import type { PageAuth } from "#contracts/page-api.ts";
import { type Result, err, ok } from "#contracts/result.ts";

const KEY = /^[0-9a-f]{64}$/;
const NUMBER = /^[1-9][0-9]{0,15}$/;
const SIGNATURE = /^[A-Za-z0-9+/]{86}==$/; // 64 bytes, for Ed25519 and for ECDSA P-256 alike

/** Parses the headers; a missing or misshapen one is `shape`. */
export function readAuth(headers: Headers): Result<PageAuth, "shape"> {
  const keyId = headers.get("x-wirken-key") ?? "";
  const time = headers.get("x-wirken-time") ?? "";
  const counter = headers.get("x-wirken-counter") ?? "";
  const signature = headers.get("x-wirken-signature") ?? "";
  if (!KEY.test(keyId) || !NUMBER.test(time) || !NUMBER.test(counter)) return err("shape");
  if (!SIGNATURE.test(signature)) return err("shape");
  const auth = { keyId, timeMs: Number(time), counter: Number(counter), signature };
  return Number.isSafeInteger(auth.timeMs) && Number.isSafeInteger(auth.counter) ? ok(auth) : err("shape");
}
