/**
 * The hidden role `wirken keychain`: one request to the OS keychain in a process of its own, because the
 * native call blocks its thread for as long as an unlock prompt stays open, and because the addon is
 * foreign code.
 */
import { FAULT_EXIT } from "#contracts/fault.ts";
import type { Result } from "#contracts/result.ts";
import { writeFully } from "#host/files.ts";
import { type AddonFault, type KeyringAddon, loadAddon } from "./addon.ts";
import { readBounded } from "./bounded-stream.ts";
import type { KeychainReason } from "./keychain.ts";
import {
  type KeychainAnswer,
  type KeychainRequest,
  WIRE_BYTES_MAX,
  parseRequest,
  printAnswer,
} from "./keychain-wire.ts";

const SERVICE = "wirken";
/** Never the kernel's keyring, which the addon would fall back to and which a reboot empties. */
const PINNED = { linux: { store: "secret-service" } } as const;
const STDOUT = 1;

export interface KeychainRoleOptions {
  readonly input: ReadableStream<Uint8Array>;
  /** Takes the answer. The bytes are zeroed after it returned. */
  readonly output: (bytes: Uint8Array) => void;
  readonly load?: () => Promise<Result<KeyringAddon, AddonFault>>;
}

/** Entry of the role: a request on stdin, the answer on stdout. Takes no words. */
export async function main(words: readonly string[]): Promise<number> {
  if (words.length > 0) return FAULT_EXIT.usage;
  return await keychainRole({ input: Bun.stdin.stream(), output: (bytes) => writeFully(STDOUT, bytes) });
}

/**
 * Serves one request. Resolves to the exit code: 0 when an answer was given, 76 for a request that is none.
 */
export async function keychainRole(options: KeychainRoleOptions): Promise<number> {
  const bytes = await readBounded(options.input, WIRE_BYTES_MAX);
  const request = bytes === undefined ? undefined : parseRequest(bytes);
  if (bytes === undefined || request === undefined || !request.ok) return FAULT_EXIT.protocol;
  const answer = await answerTo(request.value, options.load ?? loadAddon);
  bytes.fill(0);
  const printed = printAnswer(answer);
  options.output(printed);
  printed.fill(0);
  if (answer.status === "done") answer.secret.fill(0);
  return 0;
}

async function answerTo(
  request: KeychainRequest,
  load: () => Promise<Result<KeyringAddon, AddonFault>>,
): Promise<KeychainAnswer> {
  const addon = await load();
  if (!addon.ok) return { status: "failed", reason: addon.error };
  try {
    const entry = new addon.value.Entry(SERVICE, request.account, PINNED);
    switch (request.operation) {
      case "get": {
        const secret = entry.getSecret();
        return secret === null ? { status: "none" } : { status: "done", secret: Uint8Array.from(secret) };
      }
      case "set":
        entry.setSecret(request.secret);
        return { status: "done", secret: new Uint8Array() };
      case "delete":
        return entry.deleteCredential() ? { status: "done", secret: new Uint8Array() } : { status: "none" };
    }
  } catch (error) {
    return { status: "failed", reason: reasonOf(error) };
  }
}

/**
 * The addon's errors have one code for everything, so their sentences are told apart; none of them is
 * passed on.
 */
function reasonOf(error: unknown): KeychainReason {
  const text = error instanceof Error ? error.message : "";
  if (/DBus error|D-Bus|org\.freedesktop\.secrets|no result found/i.test(text)) return "keychain_absent";
  if (/dismissed|locked|denied|interaction/i.test(text)) return "keychain_locked";
  return "keychain_failed";
}
