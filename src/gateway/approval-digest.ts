/** The digest that binds an approval to one call (docs: policy), made again from what is about to be performed. */
import { hash } from "node:crypto";
import type { Action } from "#contracts/action.ts";
import type { PendingApproval } from "#contracts/approval.ts";
import { approvalDigest } from "#policy/digest.ts";

/** The digest that `pending` would have for `action`: another one means "changed after you approved". */
export function digestFor(pending: PendingApproval, action: Action): string {
  const { session, agent, asker, expiresMs, nonce } = pending;
  const digest = approvalDigest(sha256, { action, session, agent, asker, expiresMs, nonce });
  return digest.ok ? digest.value : "";
}

/** SHA-256, as the policy's digest takes it. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash("sha256", bytes, "buffer"));
}
